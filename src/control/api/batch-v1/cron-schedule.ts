import { quote } from '../../machinery/quote.js';
import { goDurationProblem } from './go-duration.js';
import { isTimeZone } from './time-zone.js';

/** What one field of a schedule may hold. */
interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const weekdays = 'sun mon tue wed thu fri sat'.split(' ');

/** Minutes, hours, days of the month, months, days of the week. */
const fields: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: weekdays },
];

const descriptors: ReadonlySet<string> = new Set([
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
]);

const every = '@every ';
const zonePrefix = /^(?:TZ|CRON_TZ)=/;

/** What is wrong with the schedule of a CronJob, in the words that clients know; undefined when nothing is. */
export function scheduleProblem(text: string): string | undefined {
  if (text === '') return 'empty spec string';
  if (!zonePrefix.test(text)) return problemWithoutZone(text);
  const space = text.indexOf(' ');
  const zone = text.slice(text.indexOf('=') + 1, space < 0 ? undefined : space);
  if (!isTimeZone(zone)) return `provided bad location ${zone}: unknown time zone ${zone}`;
  return problemWithoutZone(space < 0 ? '' : text.slice(space).trim());
}

function problemWithoutZone(text: string): string | undefined {
  if (text.startsWith('@')) return descriptorProblem(text);
  const found = text.split(/\s+/).filter((field) => field !== '');
  if (found.length !== fields.length) {
    return `expected exactly ${fields.length} fields, found ${found.length}: [${found.join(' ')}]`;
  }
  for (const [at, bounds] of fields.entries()) {
    const problem = fieldProblem(found[at] ?? '', bounds);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function descriptorProblem(text: string): string | undefined {
  if (descriptors.has(text)) return undefined;
  if (!text.startsWith(every)) return `unrecognized descriptor: ${text}`;
  const problem = goDurationProblem(text.slice(every.length));
  return problem === undefined ? undefined : `failed to parse duration ${text}: ${problem}`;
}

function fieldProblem(field: string, bounds: Bounds): string | undefined {
  for (const range of field.split(',')) {
    const problem = range === '' ? undefined : rangeProblem(range, bounds);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

class ScheduleError extends Error {}

function rangeProblem(text: string, bounds: Bounds): string | undefined {
  try {
    checkRange(text, bounds);
    return undefined;
  } catch (error) {
    if (error instanceof ScheduleError) return error.message;
    throw error;
  }
}

/** `*`, `5`, `1-5`, each with a step as in `0-30/15` or without; `5/10` runs from 5 to the end. */
function checkRange(text: string, bounds: Bounds): void {
  const [ends = '', stepText, ...rest] = text.split('/');
  const [low = '', high, ...tooMany] = ends.split('-');
  const isAll = low === '*' || low === '?';
  const start = isAll ? bounds.min : numberOrName(low, bounds);
  if (!isAll && tooMany.length > 0) throw new ScheduleError(`too many hyphens: ${text}`);
  let end = isAll ? bounds.max : start;
  if (!isAll && high !== undefined) end = numberOrName(high, bounds);
  if (rest.length > 0) throw new ScheduleError(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : numberOf(stepText);
  if (stepText !== undefined && high === undefined) end = bounds.max;
  const problem = endsProblem({ start, end, step }, bounds);
  if (problem !== undefined) throw new ScheduleError(`${problem}: ${text}`);
}

function endsProblem(
  { start, end, step }: { readonly start: number; readonly end: number; readonly step: number },
  { min, max }: Bounds,
): string | undefined {
  if (start < min) return `beginning of range (${start}) below minimum (${min})`;
  if (end > max) return `end of range (${end}) above maximum (${max})`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end})`;
  return step === 0 ? 'step of range should be a positive number' : undefined;
}

function numberOrName(text: string, { min, names }: Bounds): number {
  const at = names?.indexOf(text.toLowerCase()) ?? -1;
  return at < 0 ? numberOf(text) : min + at;
}

function numberOf(text: string): number {
  if (!/^[+-]?[0-9]{1,15}$/.test(text)) {
    const why = `strconv.Atoi: parsing ${quote(text)}: invalid syntax`;
    throw new ScheduleError(`failed to parse int from ${text}: ${why}`);
  }
  const number = Number(text);
  if (number < 0) throw new ScheduleError(`negative number (${number}) not allowed: ${text}`);
  return number;
}
