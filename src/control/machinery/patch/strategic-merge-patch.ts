import { cloneJson } from '../clone.js';
import type { JsonObject, JsonValue } from '../json.js';
import { getField, isJsonObject, setField } from '../json-object.js';
import type { SchemaNode } from '../schema-node.js';
import { badDirective, unknownDirective } from './patch-errors.js';
import { applySetElementOrders } from './set-element-order.js';
import { directiveField, type MergedList, mergeLists } from './strategic-lists.js';

const retainKeysField = '$retainKeys';
const deleteFromListPrefix = '$deleteFromPrimitiveList/';
const setOrderPrefix = '$setElementOrder/';

/**
 * The document after a strategic merge patch, which the schema's merge keys and strategies direct; neither the document nor the
 * patch changes. Objects are merged, null deletes a field, lists are replaced but for those with strategy `merge`: they are merged
 * by key or, when of scalars, as sets. Directives in the patch:
 *
 * - `$patch: replace` or `delete` in an object: it replaces what is there, or nothing is left of it; in an item of a merged list:
 *   the list is replaced, or the item of that key deleted.
 * - `$retainKeys: [names]`: all other fields of the object go.
 * - `$deleteFromPrimitiveList/list: [values]` takes values out.
 * - `$setElementOrder/list: [keys]` orders the list.
 *
 * New values may still carry nulls within lists, as decoding drops them. Throws badRequest for malformed directives, and what the
 * API has for patches that do not fit.
 */
export function applyStrategicMergePatch(
  document: JsonObject,
  patch: JsonObject,
  schema: SchemaNode,
): JsonObject {
  return mergeObjects(cloneJson(document), cloneJson(patch), schema);
}

/** Merges into `original`; both may change. Without a schema, lists are replaced. */
function mergeObjects(
  original: JsonObject,
  patch: JsonObject,
  schema: SchemaNode | undefined,
): JsonObject {
  const directive = getField(patch, directiveField);
  if (directive !== undefined) return applyDirective(directive, patch);
  retainKeys(original, patch);
  applySetElementOrders(original, patch, {
    prefix: setOrderPrefix,
    mergeKeyOf: (name) => fieldSchema(schema, name)?.patchMergeKey ?? '',
    merge: (name, was, change) => mergeListField(was, change, fieldSchema(schema, name), false),
    clean: withoutDirectives,
  });
  for (const field of Object.keys(patch)) {
    mergeField(original, field, patch[field] as JsonValue, schema);
  }
  return original;
}

function applyDirective(directive: JsonValue, patch: JsonObject): JsonObject {
  if (directive === 'delete') return {};
  if (directive !== 'replace') throw unknownDirective(directive, patch);
  delete patch[directiveField];
  return patch;
}

function retainKeys(original: JsonObject, patch: JsonObject): void {
  const retained = getField(patch, retainKeysField);
  if (retained === undefined) return;
  delete patch[retainKeysField];
  if (!Array.isArray(retained)) throw badDirective('retainKeys');
  const names = new Set(retained);
  for (const name of Object.keys(patch)) {
    const isDirective = name.startsWith(deleteFromListPrefix) || name.startsWith(setOrderPrefix);
    if (patch[name] !== null && !isDirective && !names.has(name)) throw badDirective('retainKeys');
  }
  for (const name of Object.keys(original)) {
    if (!names.has(name)) delete original[name];
  }
}

function mergeField(
  original: JsonObject,
  field: string,
  change: JsonValue,
  schema: SchemaNode | undefined,
): void {
  const isDeletion = field.startsWith(deleteFromListPrefix);
  const name = isDeletion ? field.slice(deleteFromListPrefix.length) : field;
  const was = getField(original, name);
  if (change === null) {
    delete original[name];
  } else if (isJsonObject(was) && isJsonObject(change)) {
    setField(original, name, mergeObjectField(was, change, fieldSchema(schema, name)));
  } else if (Array.isArray(was) && Array.isArray(change)) {
    const merged = mergeListField(was, change, fieldSchema(schema, name), isDeletion);
    setField(original, name, merged.items);
  } else if (!isDeletion) {
    setNew(original, name, change);
  }
}

/** Sets a value that does not merge with what is there: directives and nulls have nothing to act on. */
function setNew(original: JsonObject, name: string, change: JsonValue): void {
  const value = withoutDirectives(withoutNullFields(change));
  if (value === undefined) delete original[name];
  else setField(original, name, value);
}

function mergeObjectField(
  was: JsonObject,
  change: JsonObject,
  schema: SchemaNode | undefined,
): JsonObject {
  return strategyOf(schema) === 'replace' ? change : mergeObjects(was, change, schema);
}

function mergeListField(
  was: JsonValue[],
  change: JsonValue[],
  schema: SchemaNode | undefined,
  isDeletion: boolean,
): MergedList {
  if (strategyOf(schema) !== 'merge' && !isDeletion) return { items: change, serverOrder: was };
  return mergeLists(was, change, {
    mergeKey: schema?.patchMergeKey ?? '',
    isDeletion,
    mergeItems: (item, itemChange) => mergeObjects(item, itemChange, schema?.element),
  });
}

/** The schema of a field, or of a map's value. */
function fieldSchema(schema: SchemaNode | undefined, name: string): SchemaNode | undefined {
  return schema?.type === 'map' ? schema.element : schema?.fields.get(name);
}

/** `merge`, `replace` or undefined; `retainKeys` only says which patches clients make. */
function strategyOf(schema: SchemaNode | undefined): string | undefined {
  return schema?.patchStrategies.find((strategy) => strategy !== 'retainKeys');
}

/** Drops fields that are null, at any depth, in place. */
function withoutNullFields(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    value.forEach(withoutNullFields);
  } else if (isJsonObject(value)) {
    for (const name of Object.keys(value)) {
      if (value[name] === null) delete value[name];
      else withoutNullFields(value[name] as JsonValue);
    }
  }
  return value;
}

/** Drops objects that carry `$patch`, at any depth, in place; undefined when the value itself is one. */
function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) {
    return value.map(withoutDirectives).filter((item) => item !== undefined);
  }
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, directiveField)) return undefined;
  for (const name of Object.keys(value)) {
    const field = withoutDirectives(value[name] as JsonValue);
    if (field === undefined) delete value[name];
    else setField(value, name, field);
  }
  return value;
}
