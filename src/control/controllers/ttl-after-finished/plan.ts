import { isFinished } from '../../api/batch-v1/job-conditions.js';
import type { Job } from '../../api/gen/batch-v1.js';
import { parseTime } from '../../machinery/time.js';

/** When a job is to go (wall-clock milliseconds); null when it stays until somebody deletes it. */
export function expiryMs(job: Job): number | null {
  const { ttlSecondsAfterFinished: ttlSeconds } = job.spec ?? {};
  if (ttlSeconds === undefined || job.metadata.deletionTimestamp !== undefined) return null;
  if (!isFinished(job)) return null;
  const end = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  const endedMs = parseTime(end?.lastTransitionTime ?? '');
  return endedMs === null ? null : endedMs + ttlSeconds * 1000;
}
