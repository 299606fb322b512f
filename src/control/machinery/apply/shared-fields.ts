import { cloneJson } from '../clone.js';
import type { JsonObject } from '../json.js';
import { isJsonObject } from '../json-object.js';
import type { KubeObject } from '../object.js';
import type { FieldSet } from './field-set.js';
import { fieldsV1Sharing, fieldsV1Text, parseFieldsV1 } from './fields-v1.js';

/**
 * FieldsV1 and their subtrees by their JSON. Objects made from one template have the same, which are a third of what such an object
 * costs in memory. What only one object has, as a pod its address, is not among them: it was met once.
 */
const shared = new Map<string, JsonObject>();
const sharedMax = 4096;
/** What was met once, lately. */
const metOnce = new Map<string, JsonObject>();
const metOnceMax = 512;
/** The JSON of what is in {@link shared}: it need not be looked up or written again. */
const texts = new WeakMap<JsonObject, string>();

/** What shared FieldsV1 say, and what those sets are written as. */
const sets = new WeakMap<JsonObject, FieldSet>();
const written = new WeakMap<FieldSet, JsonObject>();

/** FieldsV1 that say the same as these and are shared by many: nobody changes them. */
export function sharedFieldsV1(fields: JsonObject): JsonObject {
  return texts.has(fields) ? fields : sharedByText(JSON.stringify(fields), () => fields);
}

function sharedByText(text: string, make: () => JsonObject): JsonObject {
  const known = shared.get(text);
  if (known !== undefined) return known;
  const met = metOnce.get(text);
  if (met === undefined) {
    const fields = make();
    if (metOnce.size >= metOnceMax) metOnce.clear();
    metOnce.set(text, fields);
    return fields;
  }
  metOnce.delete(text);
  // Who holds some keeps them; the next ones are shared anew.
  if (shared.size >= sharedMax) shared.clear();
  shared.set(text, met);
  texts.set(met, text);
  return met;
}

/** The JSON of FieldsV1, most of which is there already when much of them is shared. */
export function textOfFieldsV1(fields: JsonObject): string {
  const known = texts.get(fields);
  if (known !== undefined) return known;
  let text = '';
  for (const [element, value] of Object.entries(fields)) {
    const written = isJsonObject(value) ? textOfFieldsV1(value) : JSON.stringify(value);
    text += `${text === '' ? '{' : ','}${JSON.stringify(element)}:${written}`;
  }
  return text === '' ? '{}' : `${text}}`;
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
    remember(set, same);
  }
  return set;
}

/** The FieldsV1 that stand for a set, shared. */
export function fieldsV1OfSet(set: FieldSet): JsonObject {
  const known = written.get(set);
  if (known !== undefined) return known;
  // Most sets are known by their text: it is made without the objects that it stands for.
  const fields = sharedByText(fieldsV1Text(set), () => fieldsV1Sharing(set, fieldsV1OfSet));
  remember(set, fields);
  return fields;
}

/**
 * A set is several times as large as what it is written as: where only one object has it, it is read again when it is needed. Of equal sets
 * the first stays: what else is known of it is not found out again.
 */
function remember(set: FieldSet, fields: JsonObject): void {
  if (!texts.has(fields) || sets.has(fields)) return;
  written.set(set, fields);
  sets.set(fields, set);
}
