import { Quantity } from '../machinery/quantity.js';

/** An unsigned integer; integers with a sign are bigints, and numbers are doubles. */
export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** A point in time, in nanoseconds since the epoch. */
export class Timestamp {
  readonly ns: bigint;

  constructor(ns: bigint) {
    this.ns = ns;
  }
}

/** A length of time in nanoseconds. */
export class Duration {
  readonly ns: bigint;

  constructor(ns: bigint) {
    this.ns = ns;
  }
}

/** A value that may not be there. */
export class Optional {
  readonly value: CelValue | undefined;

  constructor(value: CelValue | undefined) {
    this.value = value;
  }
}

/** A type as a value. */
export class TypeValue {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A value of a type that a library brings: an address, a URL. */
export interface Opaque {
  readonly celType: string;
  equals(other: Opaque): boolean;
  /** A field of it; undefined when it has no such field. Absent: it has none at all. */
  member?(name: string): CelValue | undefined;
}

export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | Optional
  | TypeValue
  | Quantity
  | Opaque
  | readonly CelValue[]
  | CelMap;

/** Keys are texts, integers and booleans; an unsigned key is the same as an integer. */
export type CelMap = ReadonlyMap<string | bigint | boolean, CelValue>;

/** What is wrong with an evaluation. The author of the expression reads it. */
export class CelError extends Error {
  override readonly name = 'CelError';
}

export function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value);
}

export function isMap(value: CelValue): value is CelMap {
  return value instanceof Map;
}

/** The name of a value's type, without its parts. */
export function typeNameOf(value: CelValue): string {
  if (value === null) return 'null_type';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'double';
  if (typeof value === 'string') return 'string';
  if (isList(value)) return 'list';
  if (isMap(value)) return 'map';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Uint) return 'uint';
  if (value instanceof Timestamp) return 'timestamp';
  if (value instanceof Duration) return 'duration';
  if (value instanceof Optional) return 'optional_type';
  if (value instanceof TypeValue) return 'type';
  if (value instanceof Quantity) return 'Quantity';
  return value.celType;
}

/** Whether two values are the same; numbers of all types by what they say. Values of different types differ. */
export function celEquals(a: CelValue, b: CelValue): boolean {
  if (a === b) return true;
  const order = compareNumbers(a, b);
  if (order !== null) return order === 0;
  if (isList(a) && isList(b))
    return a.length === b.length && a.every((item, at) => celEquals(item, b[at] as CelValue));
  if (isMap(a) && isMap(b)) {
    if (a.size !== b.size) return false;
    for (const [key, value] of a) {
      const other = b.get(key);
      if (other === undefined || !celEquals(value, other)) return false;
    }
    return true;
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (a instanceof Timestamp && b instanceof Timestamp) return a.ns === b.ns;
  if (a instanceof Duration && b instanceof Duration) return a.ns === b.ns;
  if (a instanceof TypeValue && b instanceof TypeValue) return a.name === b.name;
  if (a instanceof Quantity && b instanceof Quantity) return a.compare(b) === 0;
  if (a instanceof Optional && b instanceof Optional) {
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return celEquals(a.value, b.value);
  }
  if (isOpaque(a) && isOpaque(b)) return a.celType === b.celType && a.equals(b);
  return false;
}

/** Negative, 0 or positive; null when values of these types have no order. */
export function celCompare(a: CelValue, b: CelValue): number | null {
  const numbers = compareNumbers(a, b);
  if (numbers !== null) return numbers;
  if (typeof a === 'string' && typeof b === 'string')
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (a instanceof Timestamp && b instanceof Timestamp) return orderOf(a.ns, b.ns);
  if (a instanceof Duration && b instanceof Duration) return orderOf(a.ns, b.ns);
  return null;
}

/** Null when one is no number. NaN is as great as nothing. */
function compareNumbers(a: CelValue, b: CelValue): number | null {
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left === null || right === null) return null;
  if (left < right) return -1;
  if (left > right) return 1;
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number may say the same.
  return left == right ? 0 : Number.NaN;
}

function numberOf(value: CelValue): bigint | number | null {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : null;
}

function orderOf(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether the value is of a type that a library brings. */
export function isOpaque(value: CelValue): value is Opaque {
  return typeof value === 'object' && value !== null && 'celType' in value;
}
