import type { Job } from '../../api/gen/batch-v1.js';
import type { Pod } from '../../api/gen/core-v1.js';
import type { FailureRun } from './backoff.js';
import type { ActionOutcome, JobPlan } from './plan.js';
import type { PodAction } from './pod-actions.js';
import { type FullStatus, isSameStatus } from './status.js';
import { type JobEvent, settleJob, trackJob } from './track.js';

/** What came of an action, and the first error of what did not come. */
export interface ActionResult extends ActionOutcome {
  readonly error: unknown;
}

/** Where the writes of a job go. */
export interface JobWriter {
  /** Makes or deletes pods. Never rejects for operating errors: what was done counts. */
  act(job: Job, action: PodAction): Promise<ActionResult>;
  /** The job with a new status, as it is stored. Rejects when the job was changed meanwhile. */
  updateStatus(job: Job, status: FullStatus): Promise<Job>;
  /** Removes the tracking finalizer of pods; which of them do not have it any more, and the first error of the others. */
  untrack(
    job: Job,
    pods: readonly Pod[],
  ): Promise<{ readonly untracked: ReadonlySet<string>; readonly error: unknown }>;
  /** Remembers failures that the status now names. */
  keepRun(job: Job, run: FailureRun): void;
  tell(job: Job, events: readonly JobEvent[]): void;
}

/**
 * Carries a plan out, in the order that keeps the count exact wherever it stops: pods are made and deleted, pods that have ended are
 * named in the status, their finalizers are removed, and then they become numbers.
 */
export async function carryOut(plan: JobPlan, writer: JobWriter): Promise<void> {
  const { view, action } = plan;
  let { job } = view;
  const outcome = await writer.act(job, action);
  const tracking = trackJob(plan, outcome);
  if (!isSameStatus(job.status, tracking.status)) {
    job = await writer.updateStatus(job, tracking.status);
  }
  writer.keepRun(job, view.runNow);
  writer.tell(job, tracking.events);
  const { untracked, error } = await writer.untrack(job, tracking.untrack);
  const settled = settleJob(tracking, untracked, view);
  if (!isSameStatus(job.status, settled.status)) {
    job = await writer.updateStatus(job, settled.status);
  }
  writer.tell(job, settled.events);
  if (error !== null) throw error;
  if (outcome.error !== null) throw outcome.error;
}
