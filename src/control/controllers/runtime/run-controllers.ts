import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import {
  type ClosableEventRecorder,
  type ControlClient,
  createEventRecorder,
  SharedInformers,
  type WorkQueueObserver,
} from '../../client/index.js';
import type { Controller, ControllerDefinition } from '../controller.js';
import { type FlagInputs, flagValues } from './flag-values.js';

/** What controllers are run with. */
export interface RunControllersOptions {
  /** Those that are wanted. */
  readonly definitions: readonly ControllerDefinition[];
  /** The values of all their flags that were given. */
  readonly flags: FlagInputs;
  /** Of the informers, and of every controller. */
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly observeQueue?: (name: string) => WorkQueueObserver;
  /** Called with the names of those that run, once they do. */
  readonly onStarted?: (names: readonly string[]) => void;
}

/**
 * Runs controllers until the signal aborts, with one set of informers, and a source of events each. Resolves when nothing is under way.
 * Rejects when one has a bug; the others are stopped then.
 */
export async function runControllers(
  options: RunControllersOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client, clock, prng, logger } = options;
  const informers = new SharedInformers({ client, clock, prng, logger });
  const recorders: ClosableEventRecorder[] = [];
  const controllers: Controller[] = [];
  for (const definition of options.definitions) {
    const { name, eventSource: component = name } = definition;
    const events = createEventRecorder({ client, clock, prng, logger, component });
    recorders.push(events);
    const { observeQueue } = options;
    const parts = {
      ...{ client, informers, events, clock, prng },
      logger: logger.child({ controller: name }),
      ...(observeQueue === undefined ? {} : { observeQueue }),
    };
    const controller = definition.create(parts, flagValues(definition.flags, options.flags));
    if (controller !== null) controllers.push(controller);
  }
  options.onStarted?.(controllers.map(({ name }) => name));
  try {
    await runTogether([informers, ...controllers], signal);
  } finally {
    await Promise.all(recorders.map((each) => each.close()));
  }
}

/** Runs them until the signal aborts, or one rejects: the others are stopped then. Resolves or rejects when all have ended. */
export async function runTogether(
  runs: readonly { run(signal: AbortSignal): Promise<void> }[],
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  // Every watch and every request listens to it.
  setMaxListeners(0, stop.signal);
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const outcomes = await Promise.allSettled(
      runs.map((each) =>
        each.run(stop.signal).catch((error: unknown) => {
          stop.abort();
          throw error;
        }),
      ),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
