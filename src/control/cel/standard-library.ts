import { type Pattern, PatternError, patternOf, WorkLimitError } from '../machinery/re2/index.js';
import type { Library } from './function-table.js';
import {
  durationText,
  parseDuration,
  parseTimestamp,
  type TimeParts,
  timeParts,
  timestampText,
} from './time-values.js';
import {
  CelError,
  type CelMap,
  type CelValue,
  Duration,
  Optional,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
} from './values.js';

const intMin = -(2n ** 63n);
const intMax = 2n ** 63n - 1n;
const uintMax = 2n ** 64n - 1n;
const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

/** The integer; throws when it does not fit in 64 bits. */
export function checkedInt(value: bigint): bigint {
  if (value < intMin || value > intMax) throw new CelError('integer overflow');
  return value;
}

/** The unsigned integer; throws when it does not fit in 64 bits. */
export function checkedUint(value: bigint): Uint {
  if (value < 0n || value > uintMax) throw new CelError('unsigned integer overflow');
  return new Uint(value);
}

const length = (text: string) => BigInt([...text].length);

function toInt(value: number): bigint {
  if (!Number.isFinite(value)) throw new CelError('integer overflow');
  return checkedInt(BigInt(Math.trunc(value)));
}

function parseInt64(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text))
    throw new CelError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return checkedInt(BigInt(text.replace(/^\+/, '')));
}

function parseDouble(text: string): number {
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  const value = text.trim() === '' || text !== text.trim() ? Number.NaN : Number(text);
  if (Number.isNaN(value) && text !== 'NaN')
    throw new CelError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
  return value;
}

function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  throw new CelError(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Asks something of a regular expression. Throws CelError when it is none, or takes too long. */
export function withPattern<T>(pattern: string, ask: (pattern: Pattern) => T): T {
  const made = patternOf(pattern);
  if (made instanceof PatternError) throw new CelError(made.message);
  try {
    return ask(made);
  } catch (error) {
    if (error instanceof WorkLimitError) throw new CelError(error.message);
    throw error;
  }
}

function matches(text: string, pattern: string): boolean {
  return withPattern(pattern, (made) => made.matches(text));
}

/** A double as texts show it. */
export function doubleText(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

const timeGetters: readonly (readonly [string, keyof TimeParts, bigint])[] = [
  ['getFullYear', 'fullYear', 0n],
  ['getMonth', 'month', 0n],
  ['getDate', 'dayOfMonth', 1n],
  ['getDayOfMonth', 'dayOfMonth', 0n],
  ['getDayOfWeek', 'dayOfWeek', 0n],
  ['getDayOfYear', 'dayOfYear', 0n],
  ['getHours', 'hours', 0n],
  ['getMinutes', 'minutes', 0n],
  ['getSeconds', 'seconds', 0n],
  ['getMilliseconds', 'milliseconds', 0n],
];

const getters: Library = Object.fromEntries(
  timeGetters.flatMap(([name, part, added]) => [
    [`timestamp.${name}(): int`, (at: Timestamp) => BigInt(timeParts(at, '')[part]) + added],
    [
      `timestamp.${name}(string): int`,
      (at: Timestamp, zone: string) => BigInt(timeParts(at, zone)[part]) + added,
    ],
  ]),
);

/** The functions of the language itself. */
export const standardLibrary: Library = {
  'size(string): int': length,
  'size(bytes): int': (value: Uint8Array) => BigInt(value.length),
  'size(list<A>): int': (value: readonly CelValue[]) => BigInt(value.length),
  'size(map<A, B>): int': (value: CelMap) => BigInt(value.size),
  'string.size(): int': length,
  'bytes.size(): int': (value: Uint8Array) => BigInt(value.length),
  'list<A>.size(): int': (value: readonly CelValue[]) => BigInt(value.length),
  'map<A, B>.size(): int': (value: CelMap) => BigInt(value.size),
  'type(A): type': (value: CelValue) => new TypeValue(typeNameOf(value)),
  'dyn(A): dyn': (value: CelValue) => value,
  'bool(bool): bool': (value: boolean) => value,
  'bool(string): bool': parseBool,
  'int(int): int': (value: bigint) => value,
  'int(uint): int': (value: Uint) => checkedInt(value.value),
  'int(double): int': toInt,
  'int(string): int': parseInt64,
  'int(timestamp): int': (value: Timestamp) => value.ns / 1_000_000_000n,
  'uint(uint): uint': (value: Uint) => value,
  'uint(int): uint': checkedUint,
  'uint(double): uint': (value: number) => checkedUint(toInt(value)),
  'uint(string): uint': (value: string) => checkedUint(parseInt64(value)),
  'double(double): double': (value: number) => value,
  'double(int): double': (value: bigint) => Number(value),
  'double(uint): double': (value: Uint) => Number(value.value),
  'double(string): double': parseDouble,
  'string(string): string': (value: string) => value,
  'string(bool): string': (value: boolean) => String(value),
  'string(int): string': (value: bigint) => String(value),
  'string(uint): string': (value: Uint) => String(value.value),
  'string(double): string': doubleText,
  'string(bytes): string': (value: Uint8Array) => {
    try {
      return decoder.decode(value);
    } catch (error) {
      throw new CelError('invalid UTF-8 in bytes, cannot convert to string', { cause: error });
    }
  },
  'string(timestamp): string': timestampText,
  'string(duration): string': durationText,
  'bytes(bytes): bytes': (value: Uint8Array) => value,
  'bytes(string): bytes': (value: string) => encoder.encode(value),
  'timestamp(timestamp): timestamp': (value: Timestamp) => value,
  'timestamp(string): timestamp': parseTimestamp,
  'timestamp(int): timestamp': (value: bigint) => new Timestamp(value * 1_000_000_000n),
  'duration(duration): duration': (value: Duration) => value,
  'duration(string): duration': parseDuration,
  'duration(int): duration': (value: bigint) => new Duration(value),
  'string.startsWith(string): bool': (text: string, part: string) => text.startsWith(part),
  'string.endsWith(string): bool': (text: string, part: string) => text.endsWith(part),
  'string.contains(string): bool': (text: string, part: string) => text.includes(part),
  'string.matches(string): bool': (text: string, pattern: string) => matches(text, pattern),
  'matches(string, string): bool': (text: string, pattern: string) => matches(text, pattern),
  'duration.getHours(): int': ({ ns }: Duration) => ns / 3_600_000_000_000n,
  'duration.getMinutes(): int': ({ ns }: Duration) => ns / 60_000_000_000n,
  'duration.getSeconds(): int': ({ ns }: Duration) => ns / 1_000_000_000n,
  'duration.getMilliseconds(): int': ({ ns }: Duration) => ns / 1_000_000n,
  'optional.of(A): optional<A>': (value: CelValue) => new Optional(value),
  'optional.none(): optional<dyn>': () => new Optional(undefined),
  'optional.ofNonZeroValue(A): optional<A>': (value: CelValue) =>
    new Optional(isZero(value) ? undefined : value),
  'optional<A>.hasValue(): bool': ({ value }: Optional) => value !== undefined,
  'optional<A>.value(): A': ({ value }: Optional) => {
    if (value === undefined) throw new CelError('optional.none() dereference');
    return value;
  },
  'optional<A>.or(optional<A>): optional<A>': (first: Optional, second: Optional) =>
    first.value === undefined ? second : first,
  'optional<A>.orValue(A): A': ({ value }: Optional, other: CelValue) => value ?? other,
  ...getters,
};

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === '' || value === 0 || value === 0n) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration) return value.ns === 0n;
  return value instanceof Uint8Array && value.length === 0;
}
