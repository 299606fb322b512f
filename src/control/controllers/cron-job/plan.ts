import { isTimeZone } from '../../api/batch-v1/time-zone.js';
import type { CronJob, Job } from '../../api/gen/batch-v1.js';
import type { EventType } from '../../client/index.js';
import { cloneJson } from '../../machinery/clone.js';
import { quote } from '../../machinery/quote.js';
import { parseTime } from '../../machinery/time.js';
import { controllerReference } from '../pods/owner.js';
import { rfc1123 } from './civil-time.js';
import { missedTimes, untilNextMs } from './missed.js';
import { parseSchedule, type Schedule, ScheduleError } from './schedule.js';
import { Zone } from './zone.js';

/** An event of a CronJob. */
export interface CronJobEvent {
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
}

/** What is to happen now. */
export interface StartPlan {
  /** Null: nothing is started. */
  readonly start: {
    readonly job: Job;
    readonly scheduledMs: number;
    /** Active jobs go first. */
    readonly replaces: boolean;
  } | null;
  /** Look again then; null when only a change of the CronJob can bring it on. */
  readonly againMs: number | null;
  readonly events: readonly CronJobEvent[];
}

/** The zone of schedules that do not name one. */
const zoneDefault = 'UTC';
/** Annotation of jobs: the time that they were started for. */
const scheduledKey = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** Whether a job is to be started, when `cronJob.status` is in line with its jobs. Pure. */
export function planStart(cronJob: CronJob, nowMs: number): StartPlan {
  const { metadata, spec = {} } = cronJob;
  const events: CronJobEvent[] = [];
  const idle = (againMs: number | null): StartPlan => ({ start: null, againMs, events });
  const warn = (reason: string, message: string) => {
    events.push({ type: 'Warning', reason, message });
  };
  if (metadata.deletionTimestamp !== undefined) return idle(null);
  const { timeZone, schedule: text = '' } = spec;
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    warn('UnknownTimeZone', `invalid timeZone: ${quote(timeZone)}: unknown time zone ${timeZone}`);
    return idle(null);
  }
  if (spec.suspend === true) return idle(null);
  if (text.includes('TZ')) warn('UnsupportedSchedule', unsupportedText(text));
  let schedule: Schedule;
  try {
    schedule = parseSchedule(text, timeZone ?? zoneDefault);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    warn('UnparseableSchedule', `unparseable schedule: ${quote(text)} : ${error.message}`);
    return idle(null);
  }
  try {
    const missed = missedTimes(cronJob, schedule, { nowMs, isBounded: true });
    const againMs = untilNextMs(cronJob, schedule, nowMs);
    if (missed.lastMs === null) return idle(againMs);
    if (missed.count === 'many') warn('TooManyMissedTimes', tooManyText);
    return startAt(cronJob, missed.lastMs, { nowMs, againMs, events });
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    warn('InvalidSchedule', `invalid schedule: ${text} : ${error.message}`);
    return idle(null);
  }
}

const tooManyText =
  'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';

function unsupportedText(text: string): string {
  return `CRON_TZ or TZ used in schedule ${quote(text)} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`;
}

function startAt(
  cronJob: CronJob,
  scheduledMs: number,
  context: {
    readonly nowMs: number;
    readonly againMs: number | null;
    readonly events: CronJobEvent[];
  },
): StartPlan {
  const { spec = {}, status = {} } = cronJob;
  const { nowMs, againMs, events } = context;
  const idle: StartPlan = { start: null, againMs, events };
  const { startingDeadlineSeconds, concurrencyPolicy } = spec;
  if (
    startingDeadlineSeconds !== undefined &&
    scheduledMs + startingDeadlineSeconds * 1000 < nowMs
  ) {
    const message = `Missed scheduled time to start a job: ${rfc1123(scheduledMs)}`;
    events.push({ type: 'Warning', reason: 'MissSchedule', message });
    return idle;
  }
  const active = status.active ?? [];
  const name = jobName(cronJob, scheduledMs);
  const isStarted =
    active.some((reference) => reference.name === name) ||
    parseTime(status.lastScheduleTime ?? '') === scheduledMs;
  if (isStarted) return idle;
  if (concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message =
      'Not starting job because prior execution is running and concurrency policy is Forbid';
    events.push({ type: 'Normal', reason: 'JobAlreadyActive', message });
    return idle;
  }
  const replaces = concurrencyPolicy === 'Replace';
  return { ...idle, start: { job: jobFor(cronJob, scheduledMs), scheduledMs, replaces } };
}

/** Named by the minute, so that nobody can make two for the same time. */
function jobName({ metadata }: CronJob, scheduledMs: number): string {
  return `${metadata.name}-${Math.floor(scheduledMs / 60_000)}`;
}

function jobFor(cronJob: CronJob, scheduledMs: number): Job {
  const { metadata, spec } = cronJob;
  const { labels = {}, annotations = {} } = spec?.jobTemplate?.metadata ?? {};
  const timestamp = new Zone(spec?.timeZone ?? zoneDefault).format(scheduledMs);
  return {
    metadata: {
      name: jobName(cronJob, scheduledMs),
      namespace: metadata.namespace ?? '',
      labels: { ...labels },
      annotations: { ...annotations, [scheduledKey]: timestamp },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: cloneJson(spec?.jobTemplate?.spec ?? {}),
  };
}
