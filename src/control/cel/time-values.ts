import { formatTime } from '../machinery/time.js';
import { CelError, Duration, Timestamp } from './values.js';

const unitsNs: Readonly<Record<string, bigint>> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ns: 1n,
};

/** Reads `1h30m`, `-1.5s`, `0`. Throws CelError. */
export function parseDuration(text: string): Duration {
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:h|ms|us|µs|μs|ns|m|s))+$/.exec(text);
  if (match === null && !/^[+-]?0$/.test(text))
    throw new CelError(`time: invalid duration ${JSON.stringify(text)}`);
  let ns = 0n;
  for (const [, amount = '0', unit = 's'] of text.matchAll(
    /(\d+(?:\.\d*)?|\.\d+)(h|ms|us|µs|μs|ns|m|s)/g,
  )) {
    const [whole = '0', fraction = ''] = amount.split('.');
    const factor = unitsNs[unit] ?? 1n;
    ns += BigInt(whole === '' ? '0' : whole) * factor;
    if (fraction !== '') ns += (BigInt(fraction) * factor) / 10n ** BigInt(fraction.length);
  }
  return new Duration(text.startsWith('-') ? -ns : ns);
}

/** Reads RFC 3339, or a date alone. Throws CelError. */
export function parseTimestamp(text: string): Timestamp {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2}))?$/.exec(
      text,
    );
  const [, date = '', time = '00:00:00', fraction = '', zone = 'Z'] = match ?? [];
  const ms = match === null ? Number.NaN : Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(ms)) throw new CelError(`cannot convert ${JSON.stringify(text)} to a timestamp`);
  return new Timestamp(BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0')));
}

/** RFC 3339 in UTC with as many digits as are needed. */
export function timestampText({ ns }: Timestamp): string {
  const seconds = ns >= 0n ? ns / 1_000_000_000n : (ns - 999_999_999n) / 1_000_000_000n;
  const rest = ns - seconds * 1_000_000_000n;
  const text = formatTime(Number(seconds) * 1000).slice(0, 19);
  const fraction = String(rest).padStart(9, '0').replace(/0+$/, '');
  return `${text}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** Seconds, as `5400s` or `1.5s`. */
export function durationText({ ns }: Duration): string {
  const magnitude = ns < 0n ? -ns : ns;
  const fraction = String(magnitude % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${ns < 0n ? '-' : ''}${magnitude / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}s`;
}

/** The parts of a time in a time zone (`Europe/Vienna`, `+02:00`, '' for UTC). */
export interface TimeParts {
  readonly fullYear: number;
  readonly month: number;
  readonly dayOfMonth: number;
  readonly dayOfWeek: number;
  readonly dayOfYear: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly milliseconds: number;
}

/** Throws CelError for a zone that there is not. */
export function timeParts({ ns }: Timestamp, zone: string): TimeParts {
  const seconds = ns >= 0n ? ns / 1_000_000_000n : (ns - 999_999_999n) / 1_000_000_000n;
  const milliseconds = Number((ns - seconds * 1_000_000_000n) / 1_000_000n);
  const local = Number(seconds) + offsetSeconds(Number(seconds), zone);
  const [fullYear = 0, month = 1, day = 1, hours = 0, minutes = 0, second = 0] = formatTime(
    local * 1000,
  )
    .split(/[-T:Z]/)
    .map(Number);
  const days = Math.floor(local / 86_400);
  return {
    fullYear,
    month: month - 1,
    dayOfMonth: day - 1,
    dayOfWeek: (((days + 4) % 7) + 7) % 7,
    dayOfYear: days - Date.UTC(fullYear, 0, 1) / 86_400_000,
    hours,
    minutes,
    seconds: second,
    milliseconds,
  };
}

function offsetSeconds(seconds: number, zone: string): number {
  if (zone === '' || zone === 'UTC' || zone === 'Z') return 0;
  const fixed = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone);
  if (fixed !== null)
    return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 3600 + Number(fixed[3]) * 60);
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      timeZoneName: 'longOffset',
    }).formatToParts(seconds * 1000);
    const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
    return offsetSeconds(seconds, text === 'GMT' ? '' : text.slice(3));
  } catch (error) {
    throw new CelError(`unknown time zone ${zone}`, { cause: error });
  }
}
