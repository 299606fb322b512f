import type { Waiter } from './contracts.js';

/** Queues a request for a waiter, and takes it back by its number once the signal, if there is one, is aborted. */
export function cancellable<Result>(
  waiter: Waiter<Result>,
  signal: AbortSignal | undefined,
  queue: {
    readonly add: (waiter: Waiter<Result>) => number;
    readonly cancel: (number: number) => void;
  },
): void {
  if (signal === undefined) {
    queue.add(waiter);
    return;
  }
  let number = 0;
  const forgetSignal = onAbort(signal, () => queue.cancel(number));
  number = queue.add(forgetting(waiter, forgetSignal));
}

/** The waiter, who first stops listening to the signal. */
function forgetting<Result>(waiter: Waiter<Result>, forgetSignal: () => void): Waiter<Result> {
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
function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) queueMicrotask(callback);
  else signal.addEventListener('abort', callback, { once: true });
  return () => signal.removeEventListener('abort', callback);
}
