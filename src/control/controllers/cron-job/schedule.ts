import { defined } from '../../../base/assert.js';
import { scheduleProblem } from '../../api/batch-v1/cron-schedule.js';
import { goDurationMs } from '../../api/batch-v1/go-duration.js';

import { type CivilTime, civilTime } from './civil-time.js';
import { Zone } from './zone.js';

/** When something is to happen, over and over. Times are wall-clock milliseconds. */
export interface Schedule {
  /** The first time after an instant; null when there is none within five years. */
  next(afterMs: number): number | null;
}

/** A schedule that cannot be read. */
export class ScheduleError extends Error {}

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Reads the schedule of a CronJob, in a zone unless it names its own. Throws {@link ScheduleError} with the API's text. */
export function parseSchedule(text: string, zone: string): Schedule {
  const problem = scheduleProblem(text);
  if (problem !== undefined) throw new ScheduleError(problem);
  const prefixed = /^(?:TZ|CRON_TZ)=(\S+)\s+(.*)$/.exec(text);
  const [ownZone, spec] =
    prefixed === null ? [zone, text] : [prefixed[1] ?? zone, prefixed[2] ?? ''];
  if (spec.startsWith('@every ')) return everySchedule(goDurationMs(spec.slice('@every '.length)));
  const fields = (descriptors[spec] ?? spec).split(/\s+/).filter((field) => field !== '');
  return calendarSchedule(fields, new Zone(ownZone));
}

function everySchedule(durationMs: number): Schedule {
  const everyMs = Math.max(1000, Math.floor(durationMs / 1000) * 1000);
  return { next: (afterMs) => Math.floor(afterMs / 1000) * 1000 + everyMs };
}

/** The values that a field allows; `isAny` when it allows all without a step. */
interface Field {
  readonly values: ReadonlySet<number>;
  readonly isAny: boolean;
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const weekdays = 'sun mon tue wed thu fri sat'.split(' ');

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;
const dayMs = 86_400_000;
/** No zone is further ahead of UTC. */
const aheadMsMax = 14 * 3_600_000;
const daysMax = 5 * 366;

/**
 * The minutes that read as the fields say on the clocks of a zone. A time that clocks skip in spring does not come; one that they show
 * twice in autumn comes twice. Days match by day of month or of week when both are bounded, as cron has it.
 */
function calendarSchedule(texts: readonly string[], zone: Zone): Schedule {
  const [minutes, hours, days, months_, weekdays_] = [
    parseField(texts[0], 0, 59),
    parseField(texts[1], 0, 23),
    parseField(texts[2], 1, 31),
    parseField(texts[3], 1, 12, months),
    parseField(texts[4], 0, 6, weekdays),
  ];
  const matchesDay = (local: CivilTime) => {
    if (!months_.values.has(local.month)) return false;
    const isDay = days.values.has(local.day);
    const isWeekday = weekdays_.values.has(local.weekday);
    return days.isAny || weekdays_.isAny ? isDay && isWeekday : isDay || isWeekday;
  };
  /** The first instant at which the next day that matches may begin somewhere; `localMs` reads in UTC as the clocks do. */
  const nextDay = (localMs: number): number | null => {
    const midnight = Math.floor(localMs / dayMs) * dayMs;
    for (let day = 1; day <= daysMax; day++) {
      const date = midnight + day * dayMs;
      if (matchesDay(civilTime(date))) return date - aheadMsMax;
    }
    return null;
  };
  return {
    next(afterMs) {
      const firstMs = (Math.floor(afterMs / minuteMs) + 1) * minuteMs;
      const endMs = firstMs + daysMax * dayMs;
      let quarter = Math.floor(firstMs / quarterMs) * quarterMs;
      while (quarter < endMs) {
        const localMs = quarter + zone.offsetMs(quarter);
        const local = civilTime(localMs);
        if (!matchesDay(local)) {
          const start = nextDay(localMs);
          if (start === null) return null;
          quarter = Math.max(quarter + quarterMs, start);
          continue;
        }
        if (hours.values.has(local.hour)) {
          for (let minute = 0; minute < 15; minute++) {
            const atMs = quarter + minute * minuteMs;
            if (atMs >= firstMs && minutes.values.has(local.minute + minute)) return atMs;
          }
        }
        quarter += quarterMs;
      }
      return null;
    },
  };
}

/** A field that was validated: `*`, `5`, `1-5`, `mon-fri`, `*` or a range with a step, and lists of them. */
function parseField(
  text: string | undefined,
  min: number,
  max: number,
  names: readonly string[] = [],
): Field {
  const values = new Set<number>();
  let isAny = false;
  for (const part of defined(text, 'a field of a schedule').split(',')) {
    if (part === '') continue;
    const [ends = '', stepText] = part.split('/');
    const [low = '', high] = ends.split('-');
    const isAll = low === '*' || low === '?';
    const step = stepText === undefined ? 1 : Number(stepText);
    const first = isAll ? min : numberOf(low, min, names);
    const last =
      isAll || (stepText !== undefined && high === undefined)
        ? max
        : numberOf(high ?? low, min, names);
    if (isAll && step <= 1) isAny = true;
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return { values, isAny };
}

function numberOf(text: string, min: number, names: readonly string[]): number {
  const at = names.indexOf(text.toLowerCase());
  return at < 0 ? Number(text) : min + at;
}
