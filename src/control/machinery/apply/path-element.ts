import type { JsonObject, JsonValue } from '../json.js';
import { isJsonObject } from '../json-object.js';
import { messageJson, quote } from '../quote.js';
import { compareText, compareValues } from './value-order.js';

/**
 * One step of the way from an object to a field, written as managed fields have it (FieldsV1): `f:spec` is a field or the key of a
 * map, `k:{"name":"a"}` the item of a list with these keys, `v:"a"` the item of a set with this value, `i:0` an item by its place.
 * Always in its one canonical form, so that equal elements are equal texts.
 */
export type PathElement = string;

/** The path of a field, from the object down. */
export type ElementPath = readonly PathElement[];

/** What a client wrote as managed fields cannot be read. */
export class FieldSetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FieldSetError';
  }
}

/** Steps that were asked for before: the same few hundred names come again and again, and one text for each is hashed once. */
const fieldElements = new Map<string, PathElement>();
const fieldElementsMax = 4096;

/** The step to a field of an object, or to a key of a map. */
export function fieldElement(name: string): PathElement {
  const known = fieldElements.get(name);
  if (known !== undefined) return known;
  const element = `f:${name}`;
  // Names of labels and the like are without end.
  if (fieldElements.size >= fieldElementsMax) fieldElements.clear();
  fieldElements.set(name, element);
  return element;
}

/** The step to the item of a set. */
export function valueElement(value: JsonValue): PathElement {
  return `v:${messageJson(value)}`;
}

/** The step to the item of a list with keys: names and values of those that it has, in any order. */
export function keyElement(
  keys: readonly (readonly [name: string, value: JsonValue])[],
): PathElement {
  if (keys.length > 1) keys = [...keys].sort(([a], [b]) => compareText(a, b));
  const members = keys.map(([name, value]) => `${JSON.stringify(name)}:${messageJson(value)}`);
  return `k:{${members.join(',')}}`;
}

/** The name of the field that the step leads to; undefined for the items of lists. */
export function fieldNameOf(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

/** Whether the step leads to an item of a list with keys. */
export function isKeyElement(element: PathElement): boolean {
  return element.startsWith('k:');
}

/** Reads a step; null for types of steps that are not known, which are to be ignored. Throws FieldSetError. */
export function parsePathElement(text: string): PathElement | null {
  if (text.length < 2) throw new FieldSetError('key must be 2 characters long:');
  if (text[1] !== ':') throw new FieldSetError(`missing colon: ${text}`);
  const rest = text.slice(2);
  switch (text[0]) {
    case 'f':
      return fieldElement(rest);
    case 'v':
      return valueElement(parseJson(rest));
    case 'k':
      return keyElement(Object.entries(parseKeys(rest)));
    case 'i':
      if (!/^[+-]?\d+$/.test(rest)) throw new FieldSetError(`invalid index: ${text}`);
      return `i:${Number(rest)}`;
    default:
      return null;
  }
}

/** The order in which managed fields are written: fields, items by keys, by value, by place; each by what they say. */
export function comparePathElements(a: PathElement, b: PathElement): number {
  // Nearly all steps are of this type.
  if (a.startsWith('f:') && b.startsWith('f:')) return compareText(a, b);
  const [typeOfA, typeOfB] = [elementTypes.indexOf(a[0] ?? ''), elementTypes.indexOf(b[0] ?? '')];
  if (typeOfA !== typeOfB) return typeOfA - typeOfB;
  if (a === b) return 0;
  const [restOfA, restOfB] = [a.slice(2), b.slice(2)];
  switch (a[0]) {
    case 'k':
      return compareKeys(parseKeys(restOfA), parseKeys(restOfB));
    case 'v':
      return compareValues(parseJson(restOfA), parseJson(restOfB));
    default:
      return Number(restOfA) - Number(restOfB);
  }
}

const elementTypes = 'fkvi';

/** A path as conflicts show it: `.spec.containers[name="a"].image`. */
export function pathText(path: ElementPath): string {
  return path.map(elementText).join('');
}

/** One step as errors show it, with the dot or the brackets. */
export function elementText(element: PathElement): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${rest}`;
    case 'k': {
      const keys = Object.entries(parseKeys(rest));
      return `[${keys.map(([name, value]) => `${name}=${valueText(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${valueText(parseJson(rest))}]`;
    default:
      return `[${rest}]`;
  }
}

function valueText(value: JsonValue): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`;
  if (!isJsonObject(value)) return String(value);
  const members = Object.entries(value).map(([name, member]) => `${name}=${valueText(member)}`);
  return `{${members.join(';')}}`;
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new FieldSetError(`${text}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseKeys(text: string): JsonObject {
  const keys = parseJson(text);
  if (!isJsonObject(keys)) throw new FieldSetError(`not an object: ${text}`);
  return keys;
}

/** Key by key, each by its name and then its value; who has fewer comes first. */
function compareKeys(a: JsonObject, b: JsonObject): number {
  const [keysOfA, keysOfB] = [Object.entries(a), Object.entries(b)];
  for (const [at, [name, value]] of keysOfA.entries()) {
    const other = keysOfB[at];
    if (other === undefined) return 1;
    const order = compareText(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return keysOfA.length - keysOfB.length;
}
