import type { Clock } from '../../../base/clock.js';
import { UnreachableError } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';

/** How long an answer is waited for where an older one would do. */
export const patienceMs = 5000;

/**
 * What `work` asks the API server for; or, when that does not answer soon or cannot, what is known from before. Null: nothing is, and there is no
 * choice but to wait. A node whose API server is away goes on with what it was told.
 */
export function orLastKnown<T>(
  work: Promise<T>,
  { clock, known }: { readonly clock: Clock; readonly known: { readonly value: T } | null },
): Promise<T> {
  if (known === null) return work;
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(patienceMs, () => resolve(known.value));
    work
      .then(resolve, (error: unknown) => {
        if (isNoAnswer(error)) resolve(known.value);
        else reject(error);
      })
      .finally(() => clock.clearTimer(timer));
  });
}

/** The server was not reached, or cannot say (its store is away, it has too much to do). */
function isNoAnswer(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return error instanceof StatusError && (error.code >= 500 || error.code === 429);
}
