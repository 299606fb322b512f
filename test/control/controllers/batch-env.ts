import type { Test } from 'tap';
import { type Clock, sleep } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import type { Pod } from '../../../src/control/api/gen/core-v1.js';
import { type ControlClient, resources } from '../../../src/control/client/index.js';
import type { ControllerDefinition } from '../../../src/control/controllers/controller.js';
import type { FlagInputs } from '../../../src/control/controllers/runtime/flag-values.js';
import { runControllers } from '../../../src/control/controllers/runtime/run-controllers.js';
import { hostClock } from '../../../src/host/clock.js';

/** Controllers that run in a test, beside a server. */
export interface RunningControllers {
  /** Resolves when nothing is under way. */
  stop(): Promise<void>;
}

/** Runs controllers as the controller manager does, with a wall clock that is `aheadMs` ahead. */
export function startControllers(
  client: ControlClient,
  definitions: readonly ControllerDefinition[],
  flags: FlagInputs = new Map(),
  aheadMs = 0,
): RunningControllers {
  const clock: Clock = {
    now: () => hostClock.now(),
    wallTime: () => hostClock.wallTime() + aheadMs,
    setTimer: (delayMs, callback) => hostClock.setTimer(delayMs, callback),
    clearTimer: (timer) => hostClock.clearTimer(timer),
    defer: (callback) => hostClock.defer(callback),
    deferBriefly: (callback) => hostClock.deferBriefly(callback),
  };
  const stop = new AbortController();
  const run = runControllers(
    {
      ...{ definitions, flags, client, clock },
      prng: new Prng(1),
      logger: silentLogger,
    },
    stop.signal,
  );
  return {
    stop: async () => {
      stop.abort();
      await run;
    },
  };
}

/** Waits until `look` gives a value that `isRight` takes. Fails with the last one after a minute. */
export async function eventually<T>(
  t: Test,
  what: string,
  look: () => Promise<T>,
  isRight: (value: T) => boolean,
): Promise<T> {
  const endMs = hostClock.now() + 60_000;
  for (;;) {
    const value = await look();
    if (isRight(value)) return value;
    if (hostClock.now() > endMs) {
      t.fail(`${what}: ${JSON.stringify(value)}`);
      throw new Error(what);
    }
    await sleep(hostClock, 30);
  }
}

/** Waits for the service account of the namespace `default`, without which no pod is let in. */
export async function untilPodsCanBeMade(t: Test, client: ControlClient): Promise<void> {
  const accounts = client.objects(resources.serviceAccounts);
  const list = async () => (await accounts.list({ namespace: 'default' })).items;
  await eventually(t, 'the service account', list, (items) => items.length > 0);
}

/** Plays the kubelet: writes a pod's phase, with containers as they are then. */
export async function setPhase(
  client: ControlClient,
  pod: Pod,
  phase: 'Running' | 'Succeeded' | 'Failed',
  exitCode = phase === 'Failed' ? 1 : 0,
): Promise<void> {
  const { namespace = '', name = '' } = pod.metadata;
  const now = new Date(hostClock.wallTime()).toISOString().replace(/\.\d+Z$/, 'Z');
  const state =
    phase === 'Running'
      ? { running: { startedAt: now } }
      : { terminated: { exitCode, finishedAt: now, startedAt: now } };
  const isReady = phase === 'Running';
  await client.objects(resources.pods).patch(
    { namespace, name },
    'strategic',
    {
      status: {
        phase,
        conditions: [
          { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: now },
        ],
        containerStatuses: (pod.spec?.containers ?? []).map((container) => ({
          ...{ name: container.name ?? '', image: 'x', imageID: 'x', restartCount: 0 },
          ...{ ready: isReady, state },
        })),
      },
    },
    { subresource: 'status' },
  );
}
