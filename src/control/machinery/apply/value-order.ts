import type { JsonObject, JsonValue } from '../json.js';

/** Orders texts by their bytes in UTF-8, which is the order of their code points. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [unitOfA, unitOfB] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (unitOfA === unitOfB) continue;
    // Halves of a pair stand for code points beyond all single units.
    const isPairOfA = isSurrogate(unitOfA);
    if (isPairOfA !== isSurrogate(unitOfB)) return isPairOfA ? 1 : -1;
    return unitOfA - unitOfB;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}

/** A total order of JSON values: numbers, texts, booleans, lists, objects, null; within each by what they hold. */
export function compareValues(a: JsonValue, b: JsonValue): number {
  const [rankOfA, rankOfB] = [rankOf(a), rankOf(b)];
  if (rankOfA !== rankOfB) return rankOfA - rankOfB;
  if (typeof a === 'string') return compareText(a, b as string);
  if (typeof a === 'number' || typeof a === 'boolean') return Number(a) - Number(b);
  if (a === null) return 0;
  if (Array.isArray(a)) return compareLists(a, b as JsonValue[]);
  return compareObjects(a, b as JsonObject);
}

function rankOf(value: JsonValue): number {
  if (value === null) return 5;
  if (Array.isArray(value)) return 3;
  return ['number', 'string', 'boolean', '', 'object'].indexOf(typeof value);
}

function compareLists(a: readonly JsonValue[], b: readonly JsonValue[]): number {
  for (const [at, item] of a.entries()) {
    if (at >= b.length) return 1;
    const order = compareValues(item, b[at] as JsonValue);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareObjects(a: JsonObject, b: JsonObject): number {
  const byName = ([x]: [string, JsonValue], [y]: [string, JsonValue]) => compareText(x, y);
  const [membersOfA, membersOfB] = [Object.entries(a).sort(byName), Object.entries(b).sort(byName)];
  for (const [at, [name, value]] of membersOfA.entries()) {
    const other = membersOfB[at];
    if (other === undefined) return 1;
    const order = compareText(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return membersOfA.length - membersOfB.length;
}
