import { cloneJson } from '../clone.js';
import type { JsonObject, JsonValue } from '../json.js';
import { getField, isJsonObject, setField } from '../json-object.js';
import { badRequest } from '../status-errors.js';

/**
 * The document after a JSON merge patch (RFC 7386): null deletes a field, objects are merged, all else replaces. Neither the
 * document nor the patch changes. As in the API, nulls within objects within a new list are dropped too. Throws badRequest when
 * the patch is no object.
 */
export function applyMergePatch(document: JsonObject, patch: JsonValue): JsonObject {
  if (!isJsonObject(patch)) throw badRequest('Invalid JSON Patch');
  const result = cloneJson(document);
  mergeFields(result, patch);
  return result;
}

function mergeFields(target: JsonObject, patch: JsonObject): void {
  for (const name of Object.keys(patch)) {
    const value = patch[name] as JsonValue;
    if (value === null) delete target[name];
    else setField(target, name, merged(getField(target, name) ?? null, value));
  }
}

function merged(current: JsonValue, patch: JsonValue): JsonValue {
  if (!isJsonObject(current)) return withoutNulls(patch);
  if (!isJsonObject(patch)) return cloneJson(patch);
  mergeFields(current, patch);
  return current;
}

/** A copy without fields that are null, at any depth; items of lists stay. */
function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = {};
  for (const name of Object.keys(value)) {
    const field = value[name] as JsonValue;
    if (field !== null) setField(copy, name, withoutNulls(field));
  }
  return copy;
}
