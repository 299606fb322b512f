import type { JobConditionType } from '../../api/batch-v1/job-conditions.js';
import type { Job, JobCondition } from '../../api/gen/batch-v1.js';
import { formatTime } from '../../machinery/time.js';

/** What a condition is to say. */
export interface Told {
  readonly type: JobConditionType;
  readonly reason: string;
  readonly message: string;
}

/** How a job comes to its end. The conditions FailureTarget and SuccessCriteriaMet announce those of the end itself. */
export interface Finish extends Told {
  readonly type: 'FailureTarget' | 'Failed' | 'SuccessCriteriaMet';
}

/** A condition that holds from now on. */
export function newCondition(
  { type, reason, message }: Told,
  nowMs: number,
  status = 'True',
): JobCondition {
  const now = formatTime(nowMs);
  return {
    ...{ type, status, lastProbeTime: now, lastTransitionTime: now },
    ...(reason === '' ? {} : { reason }),
    ...(message === '' ? {} : { message }),
  };
}

/** A condition of a job, whether it holds or not. */
export function conditionOf({ status }: Job, type: JobConditionType): JobCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/**
 * The conditions with one of them as told; null when they say so already. That something never was is not worth a condition.
 */
export function withCondition(
  conditions: readonly JobCondition[],
  told: Told,
  nowMs: number,
  status: 'True' | 'False' = 'True',
): JobCondition[] | null {
  const at = conditions.findIndex(({ type }) => type === told.type);
  const next = newCondition(told, nowMs, status);
  const before = conditions[at];
  if (before === undefined) return status === 'False' ? null : [...conditions, next];
  const isSame =
    before.status === status &&
    (before.reason ?? '') === told.reason &&
    (before.message ?? '') === told.message;
  return isSame ? null : conditions.with(at, next);
}

/** The end that conditions of the job have announced already. */
export function announcedFinish(job: Job): Finish | null {
  for (const [announced, type] of [
    ['SuccessCriteriaMet', 'SuccessCriteriaMet'],
    ['FailureTarget', 'Failed'],
  ] as const) {
    const condition = conditionOf(job, announced);
    if (condition?.status !== 'True') continue;
    return { type, reason: condition.reason ?? '', message: condition.message ?? '' };
  }
  return null;
}
