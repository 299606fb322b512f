import type { Checked } from './check.js';
import type { Comprehension } from './macros.js';
import { bool, type CelType, dyn, int, joined, listOf, mapOf, named } from './types.js';

/** A value of a type that bounds nothing has at most this many parts: a request has no room for more. */
const unboundedSize = 3 * 1024 * 1024;
const numbers: readonly string[] = ['int', 'uint', 'double'];

/** The type of a value that is written out. */
export function literalType(value: unknown): CelType {
  if (value === null) return named('null_type');
  if (typeof value === 'bigint') return int;
  if (typeof value === 'number') return named('double');
  if (typeof value === 'boolean') return bool;
  if (typeof value === 'string') return named('string', value.length);
  return value instanceof Uint8Array ? named('bytes', value.length) : named('uint');
}

/** Whether it is the type of null. */
export function isNull(type: CelType): boolean {
  return type.kind === 'named' && type.name === 'null_type';
}

/** Whether values may be numbers. */
export function isNumber(type: CelType): boolean {
  return type.kind === 'dyn' || (type.kind === 'named' && numbers.includes(type.name));
}

/** Whether values of these types can be compared. */
export function haveOrder(a: CelType, b: CelType): boolean {
  if (a.kind === 'dyn' || b.kind === 'dyn') return true;
  if (isNumber(a) && isNumber(b)) return true;
  if (a.kind !== 'named' || b.kind !== 'named' || a.name !== b.name) return false;
  return ['string', 'bytes', 'bool', 'timestamp', 'duration'].includes(a.name);
}

/** The type of `a op b`; null when there is no such operation. */
export function arithmeticType(op: string, a: CelType, b: CelType): CelType | null {
  if (a.kind === 'dyn' || b.kind === 'dyn')
    return a.kind === 'dyn' ? (b.kind === 'named' && op !== '-' ? b : dyn) : a;
  if (a.kind === 'list' && b.kind === 'list' && op === '+')
    return listOf(joined(a.element, b.element), sizeOf(a) + sizeOf(b));
  if (a.kind !== 'named' || b.kind !== 'named') return null;
  if (a.name === b.name && numbers.includes(a.name))
    return op === '%' && a.name === 'double' ? null : a;
  if (op === '+') {
    if (a.name === b.name && (a.name === 'string' || a.name === 'bytes'))
      return named(a.name, sizeOf(a) + sizeOf(b));
    if (a.name === 'duration' && b.name === 'duration') return a;
    if (a.name === 'timestamp' && b.name === 'duration') return a;
    if (a.name === 'duration' && b.name === 'timestamp') return b;
  }
  if (op === '-') {
    if (a.name === 'timestamp' && b.name === 'timestamp') return named('duration');
    if (b.name === 'duration' && (a.name === 'duration' || a.name === 'timestamp')) return a;
  }
  return null;
}

/** The type of what a comprehension makes. */
export function resultOf({ macro }: Comprehension, range: CelType, body: CelType): CelType {
  switch (macro) {
    case 'all':
    case 'exists':
    case 'existsOne':
      return bool;
    case 'filter':
      return range.kind === 'map' ? listOf(range.key, sizeOf(range)) : range;
    case 'sortBy':
      return range;
    case 'map':
    case 'transformList':
      return listOf(body, sizeOf(range));
    case 'transformMap':
      return mapOf(range.kind === 'map' ? range.key : int, body, sizeOf(range));
    case 'transformMapEntry':
      return body.kind === 'map'
        ? mapOf(body.key, body.value, sizeOf(range))
        : mapOf(dyn, dyn, sizeOf(range));
  }
}

/** How many parts a value has at most, as far as that is known. */
export function sizeOf(type: CelType): number {
  if (type.kind === 'list' || type.kind === 'map') return type.sizeMax ?? unboundedSize;
  if (type.kind === 'named') {
    if (type.name === 'string' || type.name === 'bytes') return type.sizeMax ?? unboundedSize;
    return 1;
  }
  return type.kind === 'dyn' ? unboundedSize : 1;
}

/** What a function makes of values is not larger than they are together. */
export function sized(type: CelType, inputs: readonly Checked[]): CelType {
  const size = inputs.reduce((sum, input) => sum + sizeOf(input.type), 0);
  if (type.kind === 'list' && type.sizeMax === undefined) return listOf(type.element, size);
  if (type.kind === 'named' && type.name === 'string' && type.sizeMax === undefined)
    return named('string', Math.max(size, 64));
  return type;
}
