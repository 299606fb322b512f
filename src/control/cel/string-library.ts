import { messageJson, quote } from '../machinery/quote.js';
import type { Library } from './function-table.js';
import { doubleText, withPattern } from './standard-library.js';
import { durationText, timestampText } from './time-values.js';
import {
  CelError,
  type CelValue,
  Duration,
  isList,
  isMap,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
} from './values.js';

const characters = (text: string) => [...text];

function at(text: string, index: bigint): string {
  const all = characters(text);
  if (index < 0n || index > BigInt(all.length)) throw new CelError(`index out of range: ${index}`);
  return all[Number(index)] ?? '';
}

function indexOf(text: string, part: string, from = 0n): bigint {
  const all = characters(text);
  if (from < 0n || from > BigInt(all.length)) throw new CelError(`index out of range: ${from}`);
  const start = all.slice(0, Number(from)).join('').length;
  const found = text.indexOf(part, start);
  return found < 0 ? -1n : BigInt(characters(text.slice(0, found)).length);
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const all = characters(text);
  if (from !== undefined && (from < 0n || from > BigInt(all.length)))
    throw new CelError(`index out of range: ${from}`);
  const start = from === undefined ? text.length : all.slice(0, Number(from)).join('').length;
  const found = text.lastIndexOf(part, start);
  return found < 0 ? -1n : BigInt(characters(text.slice(0, found)).length);
}

function substring(text: string, from: bigint, to?: bigint): string {
  const all = characters(text);
  const end = to ?? BigInt(all.length);
  if (from < 0n || from > BigInt(all.length)) throw new CelError(`index out of range: ${from}`);
  if (end < 0n || end > BigInt(all.length)) throw new CelError(`index out of range: ${end}`);
  if (from > end) throw new CelError(`invalid substring range. start: ${from}, end: ${end}`);
  return all.slice(Number(from), Number(end)).join('');
}

function replace(text: string, old: string, by: string, count = -1n): string {
  if (count < 0n) return text.replaceAll(old, () => by);
  let rest = text;
  let result = '';
  for (let left = count; left > 0n; left--) {
    const found = rest.indexOf(old);
    if (found < 0) break;
    result += rest.slice(0, found) + by;
    rest = rest.slice(found + old.length);
  }
  return result + rest;
}

function split(text: string, separator: string, count = -1n): readonly string[] {
  if (count === 0n) return [];
  const parts = separator === '' ? characters(text) : text.split(separator);
  if (count < 0n || BigInt(parts.length) <= count) return parts;
  const kept = Number(count) - 1;
  return [...parts.slice(0, kept), parts.slice(kept).join(separator)];
}

function joinTexts(texts: readonly CelValue[], separator = ''): string {
  for (const text of texts)
    if (typeof text !== 'string')
      throw new CelError(`join: no such overload for ${typeNameOf(text)}`);
  return texts.join(separator);
}

function findAll(text: string, pattern: string, count = -1n): readonly string[] {
  const countMax = count < 0n ? Number.POSITIVE_INFINITY : Number(count);
  return withPattern(pattern, (made) => made.findAll(text, countMax));
}

/** Kubernetes' and CEL's own functions on texts: strings, regex. */
export const stringLibrary: Library = {
  'string.charAt(int): string': at,
  'string.indexOf(string): int': (text: string, part: string) => indexOf(text, part),
  'string.indexOf(string, int): int': indexOf,
  'string.lastIndexOf(string): int': (text: string, part: string) => lastIndexOf(text, part),
  'string.lastIndexOf(string, int): int': lastIndexOf,
  'string.lowerAscii(): string': (text: string) => text.replace(/[A-Z]/g, (c) => c.toLowerCase()),
  'string.upperAscii(): string': (text: string) => text.replace(/[a-z]/g, (c) => c.toUpperCase()),
  'string.replace(string, string): string': (text: string, old: string, by: string) =>
    replace(text, old, by),
  'string.replace(string, string, int): string': replace,
  'string.split(string): list<string>': (text: string, separator: string) => split(text, separator),
  'string.split(string, int): list<string>': split,
  'string.substring(int): string': (text: string, from: bigint) => substring(text, from),
  'string.substring(int, int): string': substring,
  'string.trim(): string': (text: string) => text.trim(),
  'string.reverse(): string': (text: string) => characters(text).reverse().join(''),
  'strings.quote(string): string': (text: string) => quote(text),
  'list<string>.join(): string': (texts: readonly CelValue[]) => joinTexts(texts),
  'list<string>.join(string): string': joinTexts,
  'string.find(string): string': (text: string, pattern: string) =>
    withPattern(pattern, (made) => made.find(text) ?? ''),
  'string.findAll(string): list<string>': (text: string, pattern: string) => findAll(text, pattern),
  'string.findAll(string, int): list<string>': findAll,
  'string.format(list<A>): string': formatText,
};

/** `%s`, `%d`, `%f`, `%e`, `%b`, `%x`, `%X`, `%o`, `%%`, with a precision for `%f` and `%e`. */
function formatText(template: string, args: readonly CelValue[]): string {
  let next = 0;
  return template.replace(/%(?:\.(\d+))?(.)/g, (_, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    const arg = args[next++];
    if (arg === undefined) throw new CelError(`index ${next - 1} out of range`);
    return formatted(arg, verb, precision === undefined ? 6 : Number(precision));
  });
}

function formatted(value: CelValue, verb: string, precision: number): string {
  if (verb === 's') return shown(value);
  const number = value instanceof Uint ? value.value : value;
  if (verb === 'x' || verb === 'X') {
    const text = hexText(value);
    return verb === 'X' ? text.toUpperCase() : text;
  }
  if (verb === 'd' && (typeof number === 'bigint' || typeof number === 'number'))
    return String(number);
  if (verb === 'f' && typeof number === 'number') return number.toFixed(precision);
  if (verb === 'e' && typeof number === 'number')
    return number.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2');
  if (verb === 'b' && typeof number === 'bigint') return number.toString(2);
  if (verb === 'b' && typeof number === 'boolean') return number ? '1' : '0';
  if (verb === 'o' && typeof number === 'bigint') return number.toString(8);
  throw new CelError(
    `error during formatting: unrecognized formatting clause "${verb}" for ${typeNameOf(value)}`,
  );
}

function hexText(value: CelValue): string {
  if (typeof value === 'bigint') return value.toString(16);
  if (value instanceof Uint) return value.value.toString(16);
  if (typeof value === 'string' || value instanceof Uint8Array)
    return Buffer.from(value as string).toString('hex');
  throw new CelError(`error during formatting: no hexadecimal form of ${typeNameOf(value)}`);
}

/** The value as `%s` shows it. */
export function shown(value: CelValue): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (typeof value === 'number') return doubleText(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (isList(value)) return `[${value.map(shown).join(', ')}]`;
  if (isMap(value)) {
    const entries = [...value].map(([key, item]) => `${shown(key)}: ${shown(item)}`).sort();
    return `{${entries.join(', ')}}`;
  }
  return messageJson(value);
}
