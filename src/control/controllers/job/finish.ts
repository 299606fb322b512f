import type { Job } from '../../api/gen/batch-v1.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';
import { announcedFinish, type Finish } from './conditions.js';
import { isPodFailed, judgeFailure } from './failure-policy.js';
import type { JobView } from './observe.js';
import { metSuccessRule } from './success-policy.js';

/** Whether and how a job ends before it has run to completion; null while it goes on. */
export function finishOf(view: JobView): Finish | null {
  return (
    announcedFinish(view.job) ??
    failureByPolicy(view) ??
    failureByLimit(view) ??
    failureByIndexes(view) ??
    successByPolicy(view)
  );
}

/** Milliseconds until the job has been active too long; null when nothing bounds it. */
export function deadlineInMs({ job, nowMs }: JobView): number | null {
  const { activeDeadlineSeconds, suspend } = job.spec ?? {};
  const startedMs = parseTime(job.status?.startTime ?? '');
  if (activeDeadlineSeconds === undefined || suspend === true) return null;
  return (startedMs ?? nowMs) + activeDeadlineSeconds * 1000 - nowMs;
}

function failure(reason: string, message: string): Finish {
  return { type: 'FailureTarget', reason, message };
}

function failureByPolicy({ job, pods }: JobView): Finish | null {
  if (job.spec?.podFailurePolicy === undefined) return null;
  for (const pod of pods) {
    if (!isPodFailed(pod, job)) continue;
    const { action, message = '' } = judgeFailure(job, pod);
    if (action === 'FailJob') return failure('PodFailurePolicy', message);
  }
  return null;
}

function failureByLimit(view: JobView): Finish | null {
  const { job, pods, failedCount } = view;
  if (failedCount > backoffLimit(job) || hasTooManyRestarts(job, pods)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  if ((deadlineInMs(view) ?? 1) <= 0) {
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  return null;
}

function backoffLimit({ spec }: Job): number {
  return spec?.backoffLimit ?? 6;
}

/** Containers that are started again in place are failures of the job too. */
function hasTooManyRestarts(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec?.template?.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const { restartCount = 0 } of [
      ...(status.initContainerStatuses ?? []),
      ...(status.containerStatuses ?? []),
    ])
      restarts += restartCount;
  }
  const limit = backoffLimit(job);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function failureByIndexes({ job, indexes }: JobView): Finish | null {
  const failed = indexes?.failed?.size ?? 0;
  if (indexes === null || failed === 0) return null;
  const { maxFailedIndexes, completions = 0 } = job.spec ?? {};
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes) {
    return failure(
      'MaxFailedIndexesExceeded',
      'Job has exceeded the specified maximal number of failed indexes',
    );
  }
  return failed + indexes.succeeded.size >= completions
    ? failure('FailedIndexes', 'Job has failed indexes')
    : null;
}

function successByPolicy({ job, indexes }: JobView): Finish | null {
  const message = indexes === null ? undefined : metSuccessRule(job, indexes.succeeded);
  return message === undefined
    ? null
    : { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message };
}
