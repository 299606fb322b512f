import { deepEqual } from '../../machinery/deep-equal.js';
import type { JsonValue } from '../../machinery/json.js';
import { getField, isJsonObject } from '../../machinery/json-object.js';
import type { JSONSchemaProps } from '../gen/apiextensions-v1.js';

/** For each item of a list what it was before: by its key in lists that are maps; items of other lists cannot be told apart. */
export function correlatedItems(
  props: JSONSchemaProps,
  items: readonly JsonValue[],
  old: JsonValue | undefined,
): readonly (JsonValue | undefined)[] {
  if (props['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old)) return [];
  const keys = props['x-kubernetes-list-map-keys'] ?? [];
  return items.map((item) => old.find((before) => haveSameKey(item, before, keys)));
}

function haveSameKey(a: JsonValue, b: JsonValue, keys: readonly string[]): boolean {
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  return keys.every((key) => deepEqual(getField(a, key) ?? null, getField(b, key) ?? null));
}
