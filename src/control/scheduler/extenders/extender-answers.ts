import type { JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';

/** Answers of extenders are read as Go reads them: fields by their names in any case, absent and null alike. */

/** A field of an object; undefined when there is none. */
export function fieldOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (!isJsonObject(value)) return undefined;
  if (Object.hasOwn(value, name)) return value[name] ?? undefined;
  const lower = name.toLowerCase();
  for (const [key, field] of Object.entries(value))
    if (key.toLowerCase() === lower) return field ?? undefined;
  return undefined;
}

/** A text; '' when it is absent. Throws Error for what is none. */
export function textOf(value: JsonValue | undefined, name: string): string {
  const text = fieldOf(value, name) ?? '';
  if (typeof text !== 'string') throw wrong(name, 'a string');
  return text;
}

/** A whole number; 0 when it is absent. Throws Error for what is none. */
export function integerOf(value: JsonValue | undefined, name: string): number {
  const number = fieldOf(value, name) ?? 0;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw wrong(name, 'an integer');
  return number;
}

/** A list; null when it is absent. Throws Error for what is none. */
export function listOf(value: JsonValue | undefined, name: string): readonly JsonValue[] | null {
  const list = fieldOf(value, name);
  if (list === undefined) return null;
  if (!Array.isArray(list)) throw wrong(name, 'a list');
  return list;
}

/** The entries of a map; none when it is absent. Throws Error for what is none. */
export function entriesOf(
  value: JsonValue | undefined,
  name: string,
): readonly (readonly [string, JsonValue])[] {
  const map = fieldOf(value, name);
  if (map === undefined) return [];
  if (!isJsonObject(map)) throw wrong(name, 'an object');
  return Object.entries(map);
}

function wrong(name: string, what: string): Error {
  return new Error(`the answer of the extender is not as it should be: ${name} must be ${what}`);
}
