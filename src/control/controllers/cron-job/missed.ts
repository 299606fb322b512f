import type { CronJob } from '../../api/gen/batch-v1.js';
import { parseTime } from '../../machinery/time.js';
import { type Schedule, ScheduleError } from './schedule.js';

/** Times that a schedule has come to since a CronJob was last started. */
export interface MissedTimes {
  /** What is looked at begins here. */
  readonly sinceMs: number;
  /** The latest of them; null when there is none. */
  readonly lastMs: number | null;
  readonly count: 'none' | 'few' | 'many';
}

/** From so many on a clock is more likely to be wrong than that nobody looked. */
const fewMax = 100;
/** A job starts this long after its time, so that the time has certainly come. */
const delayMs = 100;

/** Looks back from now. `isBounded`: only as far as jobs may be late. Throws {@link ScheduleError} for times that never come. */
export function missedTimes(
  cronJob: CronJob,
  schedule: Schedule,
  { nowMs, isBounded }: { readonly nowMs: number; readonly isBounded: boolean },
): MissedTimes {
  const sinceMs = lookedAtSince(cronJob, nowMs, isBounded);
  const first = schedule.next(sinceMs);
  const second = first === null ? null : schedule.next(first);
  if (first === null || second === null || second - first < 1000) {
    throw new ScheduleError('time difference between two schedules is less than 1 second');
  }
  if (nowMs < first) return { sinceMs, lastMs: null, count: 'none' };
  if (nowMs < second) return { sinceMs, lastMs: first, count: 'few' };
  const stepMs = second - first;
  const steps = Math.floor((nowMs - first) / stepMs) + 1;
  let lastMs: number | null = null;
  // The steps may differ in length: the last ones are gone through one by one.
  let next = schedule.next(first + (steps - 2) * stepMs);
  for (; next !== null && next <= nowMs; next = schedule.next(next)) lastMs = next;
  return { sinceMs, lastMs, count: steps > fewMax ? 'many' : 'few' };
}

/** Milliseconds until the schedule's next time. */
export function untilNextMs(cronJob: CronJob, schedule: Schedule, nowMs: number): number | null {
  const { sinceMs, lastMs, count } = missedTimes(cronJob, schedule, { nowMs, isBounded: false });
  const fromMs = lastMs ?? (count === 'none' ? sinceMs : nowMs);
  const next = schedule.next(fromMs);
  return next === null ? null : next + delayMs - nowMs;
}

function lookedAtSince(
  { metadata, spec, status }: CronJob,
  nowMs: number,
  isBounded: boolean,
): number {
  const since = status?.lastScheduleTime ?? metadata.creationTimestamp ?? '';
  const sinceMs = parseTime(since) ?? nowMs;
  const lateMsMax = (spec?.startingDeadlineSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  return isBounded ? Math.max(sinceMs, nowMs - lateMsMax) : sinceMs;
}
