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

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** The milliseconds of a duration that has no problem. */
export function goDurationMs(text: string): number {
  let sum = 0;
  for (const [, number = '', unit = ''] of text.matchAll(/([0-9]*\.?[0-9]*)([a-zµμ]+)/g)) {
    sum += Number(number) * (unitMs[unit] ?? 0);
  }
  return text.startsWith('-') ? -sum : sum;
}
