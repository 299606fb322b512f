import type { Logger } from '../../base/logger.js';
import { StatusError } from '../machinery/status.js';
import { UnreachableError } from './transport.js';
import type { WorkQueue } from './work-queue.js';

/** What workers work with. */
export interface WorkersOptions {
  readonly queue: WorkQueue;
  readonly workers: number;
  readonly logger: Logger;
  /** Brings one object closer to what it should be. What fails is tried again after a pause. */
  readonly reconcile: (key: string) => Promise<void>;
  /** False: `reconcile` itself says when a key's pauses start over. Default: each success does. */
  readonly forgets?: boolean;
  /** Closes the queue. */
  readonly signal: AbortSignal;
}

/** Works a queue off until the signal aborts; resolves when nothing is under way. Rejects for bugs alone, not for operating errors. */
export async function runWorkers(options: WorkersOptions): Promise<void> {
  const { queue, workers, signal } = options;
  const close = () => queue.close();
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
  try {
    await Promise.all(Array.from({ length: workers }, () => work(options)));
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

async function work({
  queue,
  reconcile,
  logger,
  signal,
  forgets = true,
}: WorkersOptions): Promise<void> {
  for (let key = await queue.take(); key !== null; key = await queue.take()) {
    try {
      await reconcile(key);
      if (forgets) queue.forget(key);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) throw error;
      // Somebody else was faster: the usual case, and no news.
      const isConflict = error instanceof StatusError && error.reason === 'Conflict';
      if (!isConflict) logger.warn('trying again later', { key, error: error.message });
      queue.addRateLimited(key);
    } finally {
      queue.done(key);
    }
  }
}
