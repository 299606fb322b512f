import type { Test } from 'tap';
import { type Clock, sleep } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { startTestEnv, type TestEnv } from '../../../src/cmd/testenv/start-test-env.js';
import type { ControllerDefinition } from '../../../src/control/controllers/controller.js';
import type { FlagInputs } from '../../../src/control/controllers/runtime/flag-values.js';
import { runControllers } from '../../../src/control/controllers/runtime/run-controllers.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';
import { hostClock } from '../../../src/host/clock.js';

/** A store and an API server in this process, until the test ends. */
export async function testEnv(t: Test, apiServerFlags: readonly string[] = []): Promise<TestEnv> {
  const env = await startTestEnv({
    ...{ namespaceDeletion: false, garbageCollection: false, apiServerFlags },
  });
  t.teardown(() => env.close());
  return env;
}

/** Runs controllers beside the server, as the controller manager does. Returns how to stop them; the test's end does too. */
export function startControllers(
  t: Test,
  { client }: TestEnv,
  definitions: readonly ControllerDefinition[],
  flags: FlagInputs = new Map(),
  clock: Clock = hostClock,
): () => Promise<void> {
  const stop = new AbortController();
  const run = runControllers(
    { definitions, flags, client, clock, prng: new Prng(1), logger: silentLogger },
    stop.signal,
  );
  const end = async () => {
    stop.abort();
    await run;
  };
  t.teardown(end);
  return end;
}

const patienceMs = 60_000;

/** Waits until `look` gives a value that `isRight` takes. Throws, with the last one, when that takes too long. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  isRight: (value: T) => boolean,
): Promise<T> {
  const endMs = hostClock.now() + patienceMs;
  for (;;) {
    const value = await look();
    if (isRight(value)) return value;
    if (hostClock.now() > endMs) throw new Error(`${what}: ${JSON.stringify(value)}`);
    await sleep(hostClock, 20);
  }
}

/** How long nothing may happen to it. */
const restMs = 300;

/** Waits until an object is not written any more; one that is written again and again never comes to rest. */
export async function comesToRest(what: string, get: () => Promise<KubeObject>): Promise<void> {
  let last: string | undefined;
  await eventually(
    `${what} comes to rest`,
    async () => {
      await sleep(hostClock, restMs);
      const before = last;
      last = (await get()).metadata.resourceVersion;
      return last === before;
    },
    (isAtRest) => isAtRest,
  );
}
