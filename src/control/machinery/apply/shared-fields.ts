import { cloneJson } from '../clone.js';
import type { JsonObject } from '../json.js';
import { isJsonObject } from '../json-object.js';
import type { KubeObject } from '../object.js';
import type { FieldSet } from './field-set.js';
import { fieldsV1Of, fieldsV1Text, parseFieldsV1 } from './fields-v1.js';

/** FieldsV1 by their JSON. Objects made from one template have the same, which are a third of what such an object costs in memory. */
const shared = new Map<string, JsonObject>();
const sharedMax = 4096;
/** The JSON of what {@link sharedFieldsV1} has given: it need not be looked up or written again. */
const texts = new WeakMap<JsonObject, string>();

/** What shared FieldsV1 say, and what sets were last written as. */
const sets = new WeakMap<JsonObject, FieldSet>();
const written = new WeakMap<FieldSet, JsonObject>();

/** FieldsV1 that say the same as these and are shared by many: nobody changes them. */
export function sharedFieldsV1(fields: JsonObject): JsonObject {
  return texts.has(fields) ? fields : sharedByText(JSON.stringify(fields), () => fields);
}

function sharedByText(text: string, make: () => JsonObject): JsonObject {
  const known = shared.get(text);
  if (known !== undefined) return known;
  const fields = make();
  // Who holds some keeps them; the next ones are shared anew.
  if (shared.size >= sharedMax) shared.clear();
  shared.set(text, fields);
  texts.set(fields, text);
  return fields;
}

/** The JSON of FieldsV1, which is there already when they are shared. */
export function textOfFieldsV1(fields: JsonObject): string {
  return texts.get(fields) ?? JSON.stringify(fields);
}

/** Lets the object share its managed fields with others, in place. */
export function shareManagedFields({ metadata }: KubeObject): void {
  for (const entry of metadata.managedFields ?? []) {
    const { fieldsV1 } = entry;
    if (isJsonObject(fieldsV1) && !texts.has(fieldsV1)) entry.fieldsV1 = sharedFieldsV1(fieldsV1);
  }
}

/** A copy of the object that its owner may change, but for what its managers own (`fieldsV1`), which the copies share. */
export function cloneObject<T extends KubeObject>(object: T): T {
  const { managedFields, ...metadata } = object.metadata;
  const copy = cloneJson({ ...object, metadata });
  if (managedFields !== undefined)
    copy.metadata.managedFields = managedFields.map((entry) => ({ ...entry }));
  return copy;
}

/** The set that FieldsV1 stand for. Throws FieldSetError. */
export function fieldSetOfV1(fields: JsonObject): FieldSet {
  if (!isJsonObject(fields)) return parseFieldsV1(fields);
  const read = sets.get(fields);
  if (read !== undefined) return read;
  const same = sharedFieldsV1(fields);
  let set = sets.get(same);
  if (set === undefined) {
    set = parseFieldsV1(same);
    sets.set(same, set);
  }
  return set;
}

/** The FieldsV1 that stand for a set, shared. */
export function fieldsV1OfSet(set: FieldSet): JsonObject {
  let fields = written.get(set);
  if (fields === undefined) {
    // Most sets are known by their text: it is made without the objects that it stands for.
    fields = sharedByText(fieldsV1Text(set), () => fieldsV1Of(set));
    written.set(set, fields);
    sets.set(fields, set);
  }
  return fields;
}
