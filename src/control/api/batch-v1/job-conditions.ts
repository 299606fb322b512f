import type { Job } from '../gen/batch-v1.js';

/** What can be true of a job. */
export type JobConditionType =
  | 'Complete'
  | 'Failed'
  | 'Suspended'
  | 'FailureTarget'
  | 'SuccessCriteriaMet';

/** Whether a condition holds. */
export function hasCondition({ status }: Job, type: JobConditionType): boolean {
  return (status?.conditions ?? []).some((one) => one.type === type && one.status === 'True');
}

/** Whether the job has ended, in either way. */
export function isFinished(job: Job): boolean {
  return hasCondition(job, 'Complete') || hasCondition(job, 'Failed');
}
