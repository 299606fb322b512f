import type { Clock } from '../base/clock.js';

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const dayMs = 86_400_000;
/** The Gregorian calendar comes round after so many days. */
const eraDays = 146_097;
/** Days from 1 March of the year 0 to the Unix epoch. */
const epochDays = 719_468;

/** The time of an answer (RFC 9110 section 6.6.1), written anew once a second. */
export class HttpDate {
  readonly #clock: Clock;
  #second = -1;
  #text = '';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Now, as in `Sun, 06 Nov 1994 08:49:37 GMT`. */
  get text(): string {
    const second = Math.floor(this.#clock.wallTime() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = formatHttpDate(second * 1000);
    }
    return this.#text;
  }
}

/** Formats milliseconds since the Unix epoch, of the years 1970 to 9999 (RFC 9110 section 5.6.7). */
export function formatHttpDate(ms: number): string {
  const days = Math.floor(ms / dayMs);
  const seconds = Math.floor((ms - days * dayMs) / 1000);
  const { year, month, day } = civilDate(days);
  const date = `${weekdays[(days + 4) % 7]}, ${twoDigits(day)} ${months[month]} ${String(year).padStart(4, '0')}`;
  const hours = twoDigits(Math.floor(seconds / 3600));
  return `${date} ${hours}:${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)} GMT`;
}

/** The date of a day since the Unix epoch. Years are counted from March, so that the leap day is the last; `month` from 0. */
function civilDate(days: number): { year: number; month: number; day: number } {
  const shifted = days + epochDays;
  const era = Math.floor(shifted / eraDays);
  const dayOfEra = shifted - era * eraDays;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const yearStart = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - yearStart;
  // Five months from March on have 153 days, and again from August on.
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = (monthFromMarch + 2) % 12;
  return { year: era * 400 + yearOfEra + (month < 2 ? 1 : 0), month, day };
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
