import type { JsonObject, JsonValue } from '../json.js';
import { isJsonObject, setField } from '../json-object.js';
import type { SchemaNode } from '../schema-node.js';
import type { FieldSet } from './field-set.js';
import { itemElement } from './list-items.js';
import { fieldElement } from './path-element.js';
import { anything, fieldSchema, itemSchema, structureOf } from './structure.js';

/** The object without these fields and all that is in them. What becomes empty that way becomes null. */
export function removeFields(object: JsonObject, fields: FieldSet, schema: SchemaNode): JsonObject {
  if (fields.isEmpty) return object;
  return removeMembers(object, fields, schema) ?? {};
}

/** What is one value goes as a whole when something below it is to go. */
function remove(value: JsonValue, fields: FieldSet, schema: SchemaNode): JsonValue {
  switch (structureOf(schema, value)) {
    case 'leaf':
      return typeof value === 'object' ? null : value;
    case 'fields':
      return isJsonObject(value) ? (removeMembers(value, fields, schema) ?? null) : null;
    case 'items':
      return Array.isArray(value) ? removeItems(value, fields, schema) : null;
  }
}

/** Undefined when nothing is left. */
function removeMembers(
  object: JsonObject,
  fields: FieldSet,
  schema: SchemaNode,
): JsonObject | undefined {
  const kept: JsonObject = {};
  let isEmpty = true;
  for (const [name, value] of Object.entries(object)) {
    const below = fields.children.get(fieldElement(name));
    if (below?.isMember) continue;
    const field = fieldSchema(schema, name)?.schema ?? anything;
    setField(kept, name, below === undefined ? value : remove(value, below, field));
    isEmpty = false;
  }
  return isEmpty ? undefined : kept;
}

/** Null when nothing is left. */
function removeItems(
  items: readonly JsonValue[],
  fields: FieldSet,
  schema: SchemaNode,
): JsonValue[] | null {
  const kept: JsonValue[] = [];
  for (const item of items) {
    const element = itemElement(schema, item);
    const below = element === undefined ? undefined : fields.children.get(element);
    if (below?.isMember) continue;
    kept.push(below === undefined ? item : remove(item, below, itemSchema(schema)));
  }
  return kept.length === 0 ? null : kept;
}
