import { NodeError, type Waiter } from '../../raft/node/index.js';
import type { ApplyResult } from '../contracts.js';
import { toStoreError } from './node-errors.js';

/** A promise's two ends, with the errors that callers know. */
export function waiterOf(
  resolve: (result: ApplyResult) => void,
  reject: (error: unknown) => void,
): Waiter<ApplyResult> {
  return { resolve, reject: (error) => reject(toStoreError(error)) };
}

/** The same promise, but for a caller who gives up when the signal is aborted. */
export function untilAborted(
  promise: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(toStoreError(new NodeError('canceled', 'the caller gave up')));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
