import type { Waiter } from './contracts.js';

/** The waiter, who first stops listening to the signal. */
export function forgetting<Result>(
  waiter: Waiter<Result>,
  forgetSignal: () => void,
): Waiter<Result> {
  return {
    resolve: (result) => {
      forgetSignal();
      waiter.resolve(result);
    },
    reject: (error) => {
      forgetSignal();
      waiter.reject(error);
    },
  };
}

/** Returns how to stop listening: a signal may outlive many requests. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) queueMicrotask(callback);
  else signal.addEventListener('abort', callback, { once: true });
  return () => signal.removeEventListener('abort', callback);
}
