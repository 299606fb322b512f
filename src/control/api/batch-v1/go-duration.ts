import { defined } from '../../../base/assert.js';
import { parseGoDuration } from '../../../base/go-duration.js';
import { quote } from '../../machinery/quote.js';

const amount = /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)/;
const units: ReadonlySet<string> = new Set(['ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h']);

/** What is wrong with a duration as Go writes them (`1h30m`), in its words; undefined when nothing is. */
export function goDurationProblem(text: string): string | undefined {
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return undefined;
  const invalid = `time: invalid duration ${quote(text)}`;
  if (rest === '') return invalid;
  while (rest !== '') {
    const number = amount.exec(rest)?.[0];
    if (number === undefined) return invalid;
    rest = rest.slice(number.length);
    const unit = /^[^.0-9]*/.exec(rest)?.[0] ?? '';
    if (unit === '') return `time: missing unit in duration ${quote(text)}`;
    if (!units.has(unit)) return `time: unknown unit ${quote(unit)} in duration ${quote(text)}`;
    rest = rest.slice(unit.length);
  }
  return undefined;
}

/** The milliseconds of a duration that has no problem. */
export function goDurationMs(text: string): number {
  return defined(parseGoDuration(text) ?? undefined, 'a duration that was checked');
}
