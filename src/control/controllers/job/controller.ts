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
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { type FailureRun, noFailures } from './backoff.js';
import { JobWrites } from './job-writes.js';
import { uidOf } from './observe.js';
import { type JobPlan, planJob } from './plan.js';
import { isTracked, trackingFinalizer } from './pod-marks.js';
import { isSameStatus } from './status.js';
import { type JobEvent, settleJob, trackJob } from './track.js';
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
  /** Jobs as they were last written, until the informer has caught up; by key. */
  readonly #written = new Map<string, Job>();

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
    const job = this.#newest(key);
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
    await this.#carryOut(plan, signal);
    if (plan.againMs !== null) this.#queue.addAfter(key, Math.max(plan.againMs, 1));
  }

  async #carryOut(plan: JobPlan, signal: AbortSignal): Promise<void> {
    const { view, action } = plan;
    const outcome = await this.#writes.act(view.job, action, signal);
    const tracking = trackJob(plan, outcome);
    const { status, untrack, events } = tracking;
    let { job } = view;
    if (!isSameStatus(job.status, status)) job = await this.#store(job, status, signal);
    this.#tell(job, events);
    this.#runs.set(job.metadata.uid ?? '', view.runNow);
    const { untracked, error } = await this.#writes.untrack(job, untrack, signal);
    const settled = settleJob(tracking, untracked, view);
    if (!isSameStatus(job.status, settled.status)) {
      job = await this.#store(job, settled.status, signal);
    }
    this.#tell(job, settled.events);
    if (error !== null) throw error;
    if (outcome.error !== null) throw outcome.error;
  }

  async #store(job: Job, status: Parameters<JobWrites['updateStatus']>[1], signal: AbortSignal) {
    const stored = await this.#writes.updateStatus(job, status, signal);
    this.#written.set(objectKey(job), stored);
    return stored;
  }

  #tell(job: Job, events: readonly JobEvent[]): void {
    for (const { type, reason, message } of events) {
      this.#parts.events.event(job, type, reason, message);
    }
  }

  /** The job as the informer shows it or as it was written, whichever is later: an old status would count pods twice. */
  #newest(key: string): Job | undefined {
    const shown = this.#jobs.lister.byKey(key);
    const written = this.#written.get(key);
    if (written === undefined || shown === undefined) return shown;
    const isSame = shown.metadata.uid === written.metadata.uid;
    if (isSame && revisionOf(shown) < revisionOf(written)) return written;
    this.#written.delete(key);
    return shown;
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

function revisionOf({ metadata }: Job): number {
  return Number(metadata.resourceVersion ?? 0);
}
