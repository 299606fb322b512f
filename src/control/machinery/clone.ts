import type { JsonObject, JsonValue } from './json.js';
import { setField } from './json-object.js';

/**
 * A deep copy of JSON data, typed objects included. Nothing of the copy is shared with the original. Depth is bounded by what
 * decoding lets through.
 */
export function cloneJson<T>(value: T): T {
  return cloneValue(value as JsonValue) as T;
}

function cloneValue(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneValue);
  const copy: JsonObject = {};
  for (const name of Object.keys(value)) setField(copy, name, cloneValue(value[name] as JsonValue));
  return copy;
}
