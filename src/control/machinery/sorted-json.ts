import { compareText } from './apply/value-order.js';
import type { JsonValue } from './json.js';
import { isJsonObject } from './json-object.js';

/** A copy in which the members of each object are in the order of their names, as Go writes maps. */
export function sortedJson(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortedJson);
  if (!isJsonObject(value)) return value;
  const names = Object.keys(value).sort(compareText);
  return Object.fromEntries(names.map((name) => [name, sortedJson(value[name] as JsonValue)]));
}
