import { runWorkers, type WorkQueue } from '../../client/index.js';
import type { ControllerParts } from '../controller.js';

/** What a controller waits for before it looks at anything: an informer. */
export interface Synced {
  untilSynced(signal: AbortSignal): Promise<void>;
}

/** What a loop works with. */
export interface ReconcileLoopOptions {
  readonly parts: Pick<ControllerParts, 'logger' | 'observeQueue'>;
  /** The queue's name in the metrics `workqueue_*`: Kubernetes names it after the resource, as `deployment`. */
  readonly name: string;
  /** Filled by handlers that were added before. */
  readonly queue: WorkQueue;
  /** Of shared informers: who runs the controllers runs them too. */
  readonly informers: readonly Synced[];
  /** How many keys are worked on at once, >= 1. */
  readonly workers: number;
  /** Brings one object closer to what it should be. Operating errors (StatusError, UnreachableError) are tried again after a pause. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<void>;
  /** False: `reconcile` itself says when a key's pauses start over. Default: each success does. */
  readonly forgets?: boolean;
  readonly signal: AbortSignal;
}

/**
 * The loop that most controllers are: waits until the informers have everything, then works the queue off. Resolves when the signal has
 * aborted and nothing is under way. Rejects for bugs alone.
 */
export async function reconcileLoop(options: ReconcileLoopOptions): Promise<void> {
  const { parts, name, queue, informers, workers, reconcile, signal } = options;
  if (parts.observeQueue !== undefined) queue.observe(parts.observeQueue(name));
  try {
    await Promise.all(informers.map((each) => each.untilSynced(signal)));
  } catch (error) {
    queue.close();
    if (signal.aborted) return;
    throw error;
  }
  await runWorkers({
    ...{ queue, workers, signal },
    logger: parts.logger,
    reconcile: (key) => reconcile(key, signal),
    ...(options.forgets === undefined ? {} : { forgets: options.forgets }),
  });
}
