import { setMaxListeners } from 'node:events';
import type { Controller, StandaloneParts } from './controller.js';
import { GarbageCollector } from './garbage-collector/controller.js';
import { NamespaceController } from './namespace/controller.js';
import { RootCaController } from './root-ca/controller.js';
import { ServiceAccountController } from './service-account/controller.js';

/** Which controllers are wanted besides those that every cluster has. */
export interface ControllerChoice {
  /** PEM of the authority of the API server's certificate. */
  readonly rootCa: string;
  readonly namespaceDeletion: boolean;
  readonly garbageCollection: boolean;
}

/** The controllers of a cluster. */
export function standardControllers(
  parts: StandaloneParts,
  { rootCa, namespaceDeletion, garbageCollection }: ControllerChoice,
): readonly Controller[] {
  return [
    new ServiceAccountController(parts),
    new RootCaController(parts, rootCa),
    ...(namespaceDeletion ? [new NamespaceController(parts)] : []),
    ...(garbageCollection ? [new GarbageCollector(parts)] : []),
  ];
}

/** Runs controllers until the signal aborts. Rejects when one has a bug; the others are stopped then. */
export async function runControllers(
  controllers: readonly Controller[],
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  // Every watch and every request listens to it.
  setMaxListeners(0, stop.signal);
  const onAbort = () => stop.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) stop.abort();
  try {
    const runs = controllers.map((controller) =>
      controller.run(stop.signal).catch((error: unknown) => {
        stop.abort();
        throw error;
      }),
    );
    const outcomes = await Promise.allSettled(runs);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
