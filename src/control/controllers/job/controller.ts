import { isFinished } from '../../api/batch-v1/job-conditions.js';
import type { Job } from '../../api/gen/batch-v1.js';
import type { Pod } from '../../api/gen/core-v1.js';
import {
  Expectations,
  type Informer,
  keyOf,
  objectKey,
  resources,
  splitKey,
  WorkQueue,
} from '../../client/index.js';
import { labelSelectorOf } from '../../machinery/label-selector.js';
import type { Controller, ControllerParts } from '../controller.js';
import { claimObjects } from '../pods/claim-objects.js';
import { candidatesOf, controllerOf, controllerUidIndex, ownerIndexes } from '../pods/owner.js';
import { PodControl } from '../pods/pod-control.js';
import { LatestWritten } from '../runtime/latest-written.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { type FailureRun, noFailures } from './backoff.js';
import { carryOut, type JobWriter } from './carry-out.js';
import { JobWrites } from './job-writes.js';
import { uidOf } from './observe.js';
import { planJob } from './plan.js';
import { isTracked, trackingFinalizer } from './pod-marks.js';
import { UntrackedPods } from './untracked-pods.js';

/** What kube-controller-manager calls it. */
export const jobControllerName = 'job-controller';
/** What `spec.managedBy` says of jobs that are ours. */
const manager = 'kubernetes.io/job-controller';
/** Changes of pods that come so close after each other are looked at together. */
const batchMs = 100;
/** Kubernetes' pauses after errors. */
const pauses = { baseMs: 1_000, maxMs: 60_000 };

/** Runs the pods of jobs to completion. */
export class JobController implements Controller {
  readonly name = jobControllerName;
  readonly #parts: ControllerParts;
  readonly #workers: number;
  readonly #queue: WorkQueue;
  /** Keys of pods that may carry the tracking finalizer of a job that is gone. */
  readonly #orphans: WorkQueue;
  readonly #jobs: Informer<Job>;
  readonly #pods: Informer<Pod>;
  readonly #expectations: Expectations;
  readonly #untracked = new UntrackedPods();
  readonly #writes: JobWrites;
  /** By the job's UID. Lost with the process: a job's next failure then waits as its first did. */
  readonly #runs = new Map<string, FailureRun>();
  /** An old status would count pods twice. */
  readonly #written = new LatestWritten<Job>();

  constructor(parts: ControllerParts, { workers }: { readonly workers: number }) {
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(parts.clock, pauses);
    this.#orphans = new WorkQueue(parts.clock);
    this.#expectations = new Expectations(parts.clock);
    this.#jobs = parts.informers.of(resources.jobs);
    this.#pods = parts.informers.of(resources.pods, { indexes: ownerIndexes });
    this.#writes = new JobWrites({
      ...{ client: parts.client, pods: new PodControl(parts) },
      ...{ expectations: this.#expectations, untracked: this.#untracked },
    });
    this.#jobs.addHandler({
      onAdd: (job) => this.#queue.add(objectKey(job)),
      onUpdate: (_, job) => this.#queue.add(objectKey(job)),
      onDelete: (job) => this.#onJobDeleted(job),
    });
    this.#pods.addHandler({
      onAdd: (pod) => this.#onPodAdded(pod),
      onUpdate: (before, pod) => this.#onPodChanged(before, pod),
      onDelete: (pod) => this.#onPodDeleted(pod),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const informers = [this.#jobs, this.#pods];
    await Promise.all([
      reconcileLoop({
        ...{ parts: this.#parts, name: 'job', queue: this.#queue, informers, signal },
        workers: this.#workers,
        reconcile: (key) => this.#reconcile(key, signal),
      }),
      reconcileLoop({
        ...{ parts: this.#parts, name: 'job_orphan_pod', queue: this.#orphans, informers, signal },
        workers: 1,
        reconcile: (key) => this.#releaseOrphan(key, signal),
      }),
    ]);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const job = this.#written.newest(key, this.#jobs.lister.byKey(key));
    if (job === undefined) {
      this.#expectations.forget(key);
      return;
    }
    if (!isOurs(job)) return;
    if (isFinished(job)) {
      this.#runs.delete(job.metadata.uid ?? '');
      return;
    }
    const isSettled = this.#expectations.isFulfilled(key);
    const pods = await this.#claim(job, signal);
    const { clock } = this.#parts;
    const plan = planJob({
      ...{ job, pods, isSettled },
      untracked: this.#untracked.of(key),
      run: this.#runs.get(job.metadata.uid ?? '') ?? noFailures,
      nowMs: clock.wallTime(),
    });
    await carryOut(plan, this.#writer(signal));
    if (plan.againMs !== null) this.#queue.addAfter(key, Math.max(plan.againMs, 1));
  }

  #writer(signal: AbortSignal): JobWriter {
    const writes = this.#writes;
    return {
      act: (job, action) => writes.act(job, action, signal),
      updateStatus: async (job, status) => {
        const stored = await writes.updateStatus(job, status, signal);
        this.#written.set(objectKey(job), stored);
        return stored;
      },
      untrack: (job, pods) => writes.untrack(job, pods, signal),
      keepRun: ({ metadata }, run) => this.#runs.set(metadata.uid ?? '', run),
      tell: (job, events) => {
        for (const { type, reason, message } of events) {
          this.#parts.events.event(job, type, reason, message);
        }
      },
    };
  }

  #claim(job: Job, signal: AbortSignal): Promise<readonly Pod[]> {
    const { client } = this.#parts;
    const selector = labelSelectorOf(job.spec?.selector);
    return claimObjects(
      {
        ...{ owner: job, owners: client.objects(resources.jobs) },
        ...{ objects: client.objects(resources.pods), finalizers: [trackingFinalizer] },
        candidates: candidatesOf(this.#pods.lister, job),
        matches: ({ metadata }) => selector.matches(metadata.labels),
      },
      { signal },
    );
  }

  /** The job that manages a pod. */
  #jobOf(pod: Pod): Job | undefined {
    const controller = controllerOf(pod);
    if (controller?.kind !== 'Job' || controller.apiVersion?.startsWith('batch/') !== true) {
      return undefined;
    }
    const job = this.#jobs.lister.get(pod.metadata.namespace ?? '', controller.name ?? '');
    return job?.metadata.uid === controller.uid ? job : undefined;
  }

  #onJobDeleted(job: Job): void {
    const key = objectKey(job);
    this.#written.delete(key);
    // Not only when it is looked at: another job may have its name by then.
    this.#expectations.forget(key);
    this.#runs.delete(job.metadata.uid ?? '');
    this.#queue.add(key);
    for (const pod of this.#pods.lister.byIndex(controllerUidIndex, job.metadata.uid ?? '')) {
      if (isTracked(pod)) this.#orphans.add(objectKey(pod));
    }
  }

  #onPodAdded(pod: Pod): void {
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.#onPodDeleted(pod);
      return;
    }
    const job = this.#jobOf(pod);
    if (job === undefined) {
      this.#onUnmanaged(pod);
      return;
    }
    this.#expectations.onCreated(objectKey(job));
    if (isTracked(pod) && isFinished(job)) this.#orphans.add(objectKey(pod));
    this.#look(job);
  }

  #onPodChanged(before: Pod, pod: Pod): void {
    if (before === pod) return;
    const job = this.#jobOf(pod);
    const lost = this.#jobOf(before);
    if (lost !== undefined && lost !== job) this.#look(lost);
    if (job === undefined) {
      this.#onUnmanaged(pod);
      return;
    }
    const key = objectKey(job);
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.#expectations.onDeleted(key, uidOf(pod));
    }
    if (!isTracked(pod)) this.#untracked.delete(key, uidOf(pod));
    if (isTracked(pod) && isFinished(job)) this.#orphans.add(objectKey(pod));
    this.#look(job);
  }

  #onPodDeleted(pod: Pod): void {
    const controller = controllerOf(pod);
    const key = keyOf(pod.metadata.namespace ?? '', controller?.name ?? '');
    this.#untracked.delete(key, uidOf(pod));
    const job = this.#jobOf(pod);
    if (job === undefined) {
      this.#onUnmanaged(pod);
      return;
    }
    this.#expectations.onDeleted(key, uidOf(pod));
    this.#look(job);
  }

  /** Somebody may want it, and its finalizer may be left over. */
  #onUnmanaged(pod: Pod): void {
    if (isTracked(pod)) this.#orphans.add(objectKey(pod));
    if (controllerOf(pod) !== undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const { namespace = '', labels } = pod.metadata;
    for (const job of this.#jobs.lister.byIndex('namespace', namespace)) {
      if (labelSelectorOf(job.spec?.selector).matches(labels)) this.#look(job);
    }
  }

  #look(job: Job): void {
    this.#queue.addAfter(objectKey(job), batchMs);
  }

  async #releaseOrphan(key: string, signal: AbortSignal): Promise<void> {
    const { namespace, name } = splitKey(key);
    const pod = this.#pods.lister.get(namespace, name);
    if (pod === undefined || !isTracked(pod)) return;
    const controller = controllerOf(pod);
    if (controller !== undefined && controller.kind !== 'Job') return;
    const job = this.#jobOf(pod);
    if (job !== undefined && (!isOurs(job) || !isFinished(job))) return;
    await this.#writes.untrackOrphan(pod, signal);
  }
}

function isOurs({ spec }: Job): boolean {
  return spec?.managedBy === undefined || spec.managedBy === manager;
}
