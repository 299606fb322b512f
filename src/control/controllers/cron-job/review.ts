import { hasCondition, isFinished } from '../../api/batch-v1/job-conditions.js';
import type { CronJob, CronJobStatus, Job } from '../../api/gen/batch-v1.js';
import type { ObjectReference } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';
import type { CronJobEvent } from './plan.js';

/** What the jobs of a CronJob say about it. */
export interface Review {
  readonly status: CronJobStatus;
  /** Named as active, and not among the jobs: perhaps they are gone. */
  readonly unseen: readonly ObjectReference[];
  readonly events: readonly CronJobEvent[];
}

/** Brings the status in line with the jobs. Pure. */
export function reviewJobs({ status = {} }: CronJob, jobs: readonly Job[]): Review {
  const events: CronJobEvent[] = [];
  let active = [...(status.active ?? [])];
  let lastSuccessful = status.lastSuccessfulTime;
  for (const job of jobs) {
    const { uid, name } = job.metadata;
    const isActive = active.some((reference) => reference.uid === uid);
    if (!isFinished(job)) {
      if (isActive) continue;
      const message = `Saw a job that the controller did not create or forgot: ${name}`;
      events.push({ type: 'Warning', reason: 'UnexpectedJob', message });
      continue;
    }
    const isComplete = hasCondition(job, 'Complete');
    if (isActive) {
      active = active.filter((reference) => reference.uid !== uid);
      const condition = isComplete ? 'Complete' : 'Failed';
      const message = `Saw completed job: ${name}, condition: ${condition}`;
      events.push({ type: 'Normal', reason: 'SawCompletedJob', message });
    }
    if (isComplete) lastSuccessful = later(lastSuccessful, job.status?.completionTime);
  }
  const seen = new Set(jobs.map(({ metadata }) => metadata.uid));
  return {
    status: withActive(
      { ...status, ...(lastSuccessful !== undefined && { lastSuccessfulTime: lastSuccessful }) },
      active,
    ),
    unseen: active.filter(({ uid }) => !seen.has(uid)),
    events,
  };
}

/** A status with other active jobs. */
export function withActive(
  status: CronJobStatus,
  active: readonly ObjectReference[],
): CronJobStatus {
  const { active: _, ...others } = status;
  return active.length === 0 ? others : { ...others, active: [...active] };
}

/** Finished jobs beyond the numbers that are kept, oldest first. Pure. */
export function expiredJobs({ spec = {} }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = spec;
  return [
    ...oldest(
      jobs.filter((job) => hasCondition(job, 'Complete')),
      successfulJobsHistoryLimit,
    ),
    ...oldest(
      jobs.filter((job) => hasCondition(job, 'Failed')),
      failedJobsHistoryLimit,
    ),
  ];
}

function oldest(jobs: readonly Job[], kept: number | undefined): readonly Job[] {
  if (kept === undefined || jobs.length <= kept) return [];
  return [...jobs].sort(byStart).slice(0, jobs.length - kept);
}

function byStart(a: Job, b: Job): number {
  const [startA, startB] = [a, b].map(({ status }) => parseTime(status?.startTime ?? ''));
  const never = Number.POSITIVE_INFINITY;
  if ((startA ?? never) !== (startB ?? never))
    return (startA ?? never) < (startB ?? never) ? -1 : 1;
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return (parseTime(b) ?? 0) > (parseTime(a) ?? 0) ? b : a;
}
