import { formatTime } from '../../machinery/time.js';

/** What a calendar and a clock show. */
export interface CivilTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const dayMs = 86_400_000;
/** The weekday of 1 January 1970. */
const firstWeekday = 4;

/** An instant as it reads in UTC. */
export function civilTime(ms: number): CivilTime {
  const text = formatTime(ms);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text
    .split(/[-T:Z]/)
    .map(Number);
  const weekday = (((Math.floor(ms / dayMs) + firstWeekday) % 7) + 7) % 7;
  return { year, month, day, weekday, hour, minute, second };
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** As messages show times: `Mon, 02 Jan 2006 15:04:05 UTC`. */
export function rfc1123(ms: number): string {
  const { year, month, day, weekday } = civilTime(ms);
  const date = `${String(day).padStart(2, '0')} ${months[month - 1]} ${year}`;
  return `${weekdays[weekday]}, ${date} ${formatTime(ms).slice(11, 19)} UTC`;
}
