import { type Clock, sleep } from '../../../base/clock.js';
import { UnreachableError } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';

const pauseMsMin = 50;
const pauseMsMax = 2000;

/** What a write is repeated with. */
export interface CertainWriteOptions {
  readonly clock: Clock;
  /** The last attempt begins before this time has passed. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a write again and again until the server says what became of it: a connection that broke, or a store that did not answer in time,
 * leaves open whether it was made, and who goes on without knowing may do it twice. The write has to mean the same each time. Rejects
 * with what the server said, or with the last failure when the patience is at its end or the signal aborts.
 */
export async function untilCertain<T>(
  write: (isRepeat: boolean) => Promise<T>,
  { clock, patienceMs, signal }: CertainWriteOptions,
): Promise<T> {
  const endMs = clock.now() + patienceMs;
  for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
    try {
      return await write(pauseMs > pauseMsMin);
    } catch (error) {
      if (!isUncertain(error) || clock.now() + pauseMs > endMs) throw error;
      await sleep(clock, pauseMs, signal).catch(() => {
        throw error; // Told to stop.
      });
    }
  }
}

/** What was asked for may have been done: the answer was lost, or is a 504, which says so. */
function isUncertain(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return error instanceof StatusError && error.code === 504;
}
