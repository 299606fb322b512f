import type { Pod } from '../../api/gen/core-v1.js';
import { isOperating } from '../operating-error.js';
import type { ObservedPod } from './observed-pod.js';
import { PodWorker } from './pod-worker.js';
import type { PodWorkerParts } from './pod-worker-parts.js';
import { removeTraces } from './remove-traces.js';

/** The workers of a node, one a pod. */
export class PodWorkers {
  readonly #parts: PodWorkerParts;
  /** By uid. */
  readonly #workers = new Map<string, PodWorker>();
  /** Uids of pods that nobody wants, and that are being ended. */
  readonly #removing = new Set<string>();
  #isClosed = false;

  constructor(parts: Omit<PodWorkerParts, 'onGone'>) {
    this.#parts = { ...parts, onGone: (uid) => this.#workers.delete(uid) };
  }

  /** A pod is wanted on this node, or is wanted otherwise than before. */
  update(pod: Pod): void {
    if (this.#isClosed) return;
    const { uid = '' } = pod.metadata;
    const known = this.#workers.get(uid);
    if (known !== undefined) {
      known.update(pod);
      return;
    }
    const worker = new PodWorker(pod, this.#parts);
    this.#workers.set(uid, worker);
    worker.update(pod);
  }

  /** A pod is not wanted any more. */
  remove(uid: string): void {
    this.#workers.get(uid)?.remove();
  }

  /** The runtime or a probe has news of a pod. */
  wake(uid: string): void {
    this.#workers.get(uid)?.wake();
  }

  get(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  /** All workers, those of ended pods too. */
  all(): Iterable<PodWorker> {
    return this.#workers.values();
  }

  /** Ends what the runtime has of pods that nobody wants. To be called when all pods that are wanted are known. Rejects with RuntimeError. */
  async removeOrphans(): Promise<void> {
    const orphans = [...this.#parts.watch.pods.values()].filter(
      ({ uid }) => !this.#workers.has(uid) && !this.#removing.has(uid),
    );
    // Those take the time that they are given to end: nobody waits for them.
    for (const orphan of orphans) void this.#removeOrphan(orphan);
    const { files, paths, volumes } = this.#parts;
    for (const uid of await files.list(paths.pods)) {
      const isKnown = this.#workers.has(uid) || this.#removing.has(uid);
      if (isKnown || this.#parts.watch.pods.has(uid) || this.#isClosed) continue;
      await volumes.tearDown(uid);
      await files.remove(paths.pod(uid));
    }
  }

  async #removeOrphan(observed: ObservedPod): Promise<void> {
    const { stopper, volumes, logger } = this.#parts;
    const { uid, name, namespace } = observed;
    logger.info('a pod that nobody wants is ended', { pod: name, namespace, uid });
    this.#removing.add(uid);
    try {
      await stopper.stopPod(null, observed, null, '');
      await volumes.tearDown(uid);
      await removeTraces(observed, { metadata: { name, namespace, uid } }, this.#parts);
    } catch (error) {
      if (!isOperating(error)) throw error;
      logger.warn('a pod that nobody wants is still there', { uid, error: String(error) });
    } finally {
      this.#removing.delete(uid);
    }
  }

  /** Stops looking after pods; they go on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
  }
}
