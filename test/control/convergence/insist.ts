import { sleep } from '../../../src/base/clock.js';
import { UnreachableError } from '../../../src/control/client/index.js';
import { StatusError } from '../../../src/control/machinery/status.js';
import { hostClock } from '../../../src/host/clock.js';

const patienceMs = 60_000;
const pauseMs = 200;

/**
 * Does what the test itself needs done, again and again while the machine is too busy for it: a connection is lost then, or the store does
 * not answer in time. What was done unheard may be done twice. Rejects with every other answer, and after a minute.
 */
export async function insist<T>(ask: () => Promise<T>): Promise<T> {
  const endMs = hostClock.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isTrouble(error) || hostClock.now() > endMs) throw error;
      await sleep(hostClock, pauseMs);
    }
  }
}

/** As {@link insist}, of something that is there already when it was made unheard. */
export async function insistOnMaking(make: () => Promise<unknown>): Promise<void> {
  await insist(() =>
    make().catch((error: unknown) => {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    }),
  );
}

function isTrouble(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return error instanceof StatusError && (error.code >= 500 || error.code === 429);
}
