import type { CronJob, CronJobStatus, Job } from '../../api/gen/batch-v1.js';
import type { ObjectReference } from '../../api/gen/core-v1.js';
import { type Informer, keyOf, objectKey, resources, WorkQueue } from '../../client/index.js';
import { semanticEqual } from '../../machinery/deep-equal.js';
import { formatTime } from '../../machinery/time.js';
import type { Controller, ControllerParts } from '../controller.js';
import { controllerOf, controllerUidIndex, isControlledBy, ownerIndexes } from '../pods/owner.js';
import { LatestWritten } from '../runtime/latest-written.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import {
  ignoreNotFound,
  isAlreadyExists,
  isNamespaceTerminating,
} from '../runtime/write-failures.js';
import { type CronJobEvent, planStart, type StartPlan } from './plan.js';
import { expiredJobs, reviewJobs, withActive } from './review.js';

/** What kube-controller-manager calls it. */
export const cronJobControllerName = 'cronjob-controller';

/** Starts jobs by the clock. */
export class CronJobController implements Controller {
  readonly name = cronJobControllerName;
  readonly #parts: ControllerParts;
  readonly #workers: number;
  readonly #queue: WorkQueue;
  readonly #cronJobs: Informer<CronJob>;
  readonly #jobs: Informer<Job>;
  readonly #written = new LatestWritten<CronJob>();

  constructor(parts: ControllerParts, { workers }: { readonly workers: number }) {
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(parts.clock);
    this.#cronJobs = parts.informers.of(resources.cronJobs);
    this.#jobs = parts.informers.of(resources.jobs, { indexes: ownerIndexes });
    const onCronJob = (cronJob: CronJob) => this.#queue.add(objectKey(cronJob));
    this.#cronJobs.addHandler({
      onAdd: onCronJob,
      onUpdate: (_, after) => onCronJob(after),
      onDelete: onCronJob,
    });
    const onJob = (job: Job) => this.#onJob(job);
    this.#jobs.addHandler({ onAdd: onJob, onUpdate: (_, after) => onJob(after), onDelete: onJob });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'cronjob', queue: this.#queue, signal },
      ...{ informers: [this.#cronJobs, this.#jobs], workers: this.#workers },
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  #onJob(job: Job): void {
    const controller = controllerOf(job);
    if (controller?.kind !== 'CronJob') return;
    this.#queue.add(keyOf(job.metadata.namespace ?? '', controller.name ?? ''));
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const cronJob = this.#written.newest(key, this.#cronJobs.lister.byKey(key));
    if (cronJob === undefined) return;
    const jobs = this.#jobs.lister.byIndex(controllerUidIndex, cronJob.metadata.uid ?? '');
    const { status, unseen, events } = reviewJobs(cronJob, jobs);
    this.#tell(cronJob, events);
    let reviewed = {
      ...cronJob,
      status: await this.#withoutMissing(cronJob, status, unseen, signal),
    };
    for (const job of expiredJobs(cronJob, jobs)) {
      reviewed = { ...reviewed, status: await this.#deleteJob(reviewed, job, signal) };
    }
    const plan = planStart(reviewed, this.#parts.clock.wallTime());
    this.#tell(cronJob, plan.events);
    const next = await this.#start(reviewed, plan, signal);
    if (!semanticEqual(cronJob.status ?? {}, next)) {
      const cronJobs = this.#parts.client.objects(resources.cronJobs);
      this.#written.set(key, await cronJobs.updateStatus({ ...cronJob, status: next }, { signal }));
    }
    if (plan.againMs !== null) this.#queue.addAfter(key, Math.max(1, plan.againMs));
  }

  /** The status without active jobs that the server does not have; informers may be behind. */
  async #withoutMissing(
    cronJob: CronJob,
    status: CronJobStatus,
    unseen: readonly ObjectReference[],
    signal: AbortSignal,
  ): Promise<CronJobStatus> {
    const gone = new Set<string>();
    for (const { name = '', uid = '' } of unseen) {
      const job = await this.#getJob(cronJob, name, signal);
      if (job?.metadata.uid === uid) continue;
      gone.add(uid);
      const message = `Active job went missing: ${name}`;
      this.#tell(cronJob, [{ type: 'Normal', reason: 'MissingJob', message }]);
    }
    return withActive(
      status,
      (status.active ?? []).filter(({ uid = '' }) => !gone.has(uid)),
    );
  }

  /** The status after the start that was planned. */
  async #start(cronJob: CronJob, plan: StartPlan, signal: AbortSignal): Promise<CronJobStatus> {
    let { status = {} } = cronJob;
    if (plan.start === null) return status;
    const { job: wanted, scheduledMs, replaces } = plan.start;
    for (const { name = '' } of replaces ? (status.active ?? []) : []) {
      const job = await this.#getJob(cronJob, name, signal);
      if (job !== null) status = await this.#deleteJob({ ...cronJob, status }, job, signal);
      else
        status = withActive(
          status,
          (status.active ?? []).filter((one) => one.name !== name),
        );
    }
    const job = await this.#createJob(cronJob, wanted, signal);
    if (job === null) return status;
    const { active = [] } = status;
    const isListed = active.some(({ uid }) => uid === job.metadata.uid);
    return {
      ...withActive(status, isListed ? active : [...active, referenceTo(job)]),
      lastScheduleTime: formatTime(scheduledMs),
    };
  }

  /** The job as it is stored, also when it was there already; null when it is somebody else's. */
  async #createJob(cronJob: CronJob, wanted: Job, signal: AbortSignal): Promise<Job | null> {
    try {
      const made = await this.#parts.client.objects(resources.jobs).create(wanted, { signal });
      const message = `Created job ${made.metadata.name}`;
      this.#tell(cronJob, [{ type: 'Normal', reason: 'SuccessfulCreate', message }]);
      return made;
    } catch (error) {
      if (isAlreadyExists(error)) {
        const job = await this.#getJob(cronJob, wanted.metadata.name ?? '', signal);
        return job !== null && isControlledBy(job, cronJob) ? job : null;
      }
      if (!isNamespaceTerminating(error)) {
        const message = `Error creating job: ${textOf(error)}`;
        this.#tell(cronJob, [{ type: 'Warning', reason: 'FailedCreate', message }]);
      }
      throw error;
    }
  }

  /** The status once the job is deleted. */
  async #deleteJob(cronJob: CronJob, job: Job, signal: AbortSignal): Promise<CronJobStatus> {
    const { namespace = '', name = '', uid } = job.metadata;
    const { status = {} } = cronJob;
    try {
      const options = { propagationPolicy: 'Background', signal } as const;
      await this.#parts.client
        .objects(resources.jobs)
        .delete({ namespace, name }, options)
        .catch(ignoreNotFound);
    } catch (error) {
      const message = `Deleted job: ${textOf(error)}`;
      this.#tell(cronJob, [{ type: 'Warning', reason: 'FailedDelete', message }]);
      throw error;
    }
    const message = `Deleted job ${name}`;
    this.#tell(cronJob, [{ type: 'Normal', reason: 'SuccessfulDelete', message }]);
    return withActive(
      status,
      (status.active ?? []).filter((reference) => reference.uid !== uid),
    );
  }

  #getJob({ metadata }: CronJob, name: string, signal: AbortSignal): Promise<Job | null> {
    const { namespace = '' } = metadata;
    return this.#parts.client
      .objects(resources.jobs)
      .get({ namespace, name }, { signal })
      .catch(ignoreNotFound);
  }

  #tell(cronJob: CronJob, events: readonly CronJobEvent[]): void {
    for (const { type, reason, message } of events) {
      this.#parts.events.event(cronJob, type, reason, message);
    }
  }
}

function referenceTo({ metadata }: Job): ObjectReference {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata;
  return { apiVersion: 'batch/v1', kind: 'Job', name, namespace, resourceVersion, uid };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
