import type { Job } from '../../api/gen/batch-v1.js';
import { type Informer, objectKey, resources, splitKey, WorkQueue } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { expiryMs } from './plan.js';

/** What kube-controller-manager calls it. */
export const ttlAfterFinishedControllerName = 'ttl-after-finished-controller';

/** Deletes jobs a while after they have ended, if they say so. */
export class TtlAfterFinishedController implements Controller {
  readonly name = ttlAfterFinishedControllerName;
  readonly #parts: ControllerParts;
  readonly #workers: number;
  readonly #queue: WorkQueue;
  readonly #jobs: Informer<Job>;

  constructor(parts: ControllerParts, { workers }: { readonly workers: number }) {
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(parts.clock);
    this.#jobs = parts.informers.of(resources.jobs);
    const onJob = (job: Job) => {
      if (expiryMs(job) !== null) this.#queue.add(objectKey(job));
    };
    this.#jobs.addHandler({ onAdd: onJob, onUpdate: (_, job) => onJob(job) });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'ttl_jobs_to_delete', queue: this.#queue, signal },
      ...{ informers: [this.#jobs], workers: this.#workers },
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    if (this.#waits(key, this.#jobs.lister.byKey(key))) return;
    const jobs = this.#parts.client.objects(resources.jobs);
    // Its time to live may have been raised since the informer saw it.
    const fresh = await jobs.get(splitKey(key), { signal }).catch(ignoreNotFound);
    if (fresh === null || this.#waits(key, fresh)) return;
    const { uid = '' } = fresh.metadata;
    await jobs
      .delete(splitKey(key), {
        ...{ propagationPolicy: 'Foreground', preconditions: { uid } },
        signal,
      })
      .catch(ignoreNotFound);
  }

  /** The job stays, at least for now; it is looked at again then. */
  #waits(key: string, job: Job | undefined): boolean {
    const expiry = job === undefined ? null : expiryMs(job);
    if (expiry === null) return true;
    const leftMs = expiry - this.#parts.clock.wallTime();
    if (leftMs > 0) this.#queue.addAfter(key, leftMs);
    return leftMs > 0;
  }
}
