import type { Clock } from '../../base/clock.js';

const timeoutMs = 10_000;

/** Asks the API server something that is aborted when it takes too long. */
export async function withTimeout<T>(
  clock: Clock,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const timer = clock.setTimer(timeoutMs, () =>
    stop.abort(new Error(`the API server did not answer within ${timeoutMs} ms`)),
  );
  try {
    return await ask(stop.signal);
  } finally {
    clock.clearTimer(timer);
  }
}
