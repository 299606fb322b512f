import { defined } from '../../../base/assert.js';
import type { JsonValue } from '../json.js';
import { isJsonObject } from '../json-object.js';
import { fieldsOf, type KubeObject } from '../object.js';
import type { SchemaNode } from '../schema-node.js';
import { unownedFields } from './bare-object.js';
import type { FieldSet } from './field-set.js';
import { itemElement } from './list-items.js';
import { ObjectChange } from './object-change.js';
import { anything, fieldSchema, isEmptyValue, itemSchema, structureOf } from './structure.js';
import type { VersionedKind } from './versions.js';

/** The fields of new objects of a kind, by their shape. */
interface KnownFields {
  readonly schema: SchemaNode;
  readonly byShape: Map<string, FieldSet>;
}

/** By the empty object of a kind, of which there is one. */
const known = new WeakMap<KubeObject, KnownFields>();
const shapesMax = 256;

/**
 * The fields that are owned by who makes an object, in the version of the write. Objects that differ in nothing but their values set the same fields, as
 * pods of one template and events do: for them it is found out once.
 */
export function fieldsOfNew(
  object: KubeObject,
  kind: VersionedKind,
  subresource: string,
): FieldSet {
  const before = kind.emptyObject();
  const schema = defined(kind.schemaIn(kind.apiVersion), 'the schema of a write');
  let fields = known.get(before);
  if (fields?.schema !== schema) {
    fields = { schema, byShape: new Map() };
    known.set(before, fields);
  }
  const { byShape } = fields;
  const shape = `${subresource}\n${fieldShapes(fieldsOf(before), fieldsOf(object), schema)}`;
  let set = byShape.get(shape);
  if (set === undefined) {
    const { changed } = new ObjectChange(before, object, kind).in(kind.apiVersion);
    set = changed.difference(unownedFields);
    if (byShape.size >= shapesMax) byShape.clear();
    byShape.set(shape, set);
  }
  return set;
}

/** Everything of a value that comparing it with what was before depends on: a walk along with that of the comparison. */
function shapeOf(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  schema: SchemaNode,
): string {
  if (after === undefined) return 'u';
  // What an empty object has already is looked at as it is: that is next to nothing.
  if (before !== undefined && !(isJsonObject(before) && isJsonObject(after))) return exact(after);
  if (schema.type === 'any' && before !== undefined) return exact(after);
  const structure = structureOf(schema, after);
  if (structure === 'leaf') return before === undefined ? '.' : exact(after);
  if (isEmptyValue(after)) return before === undefined ? 'e' : exact(after);
  if (structure === 'fields') {
    return isJsonObject(after) ? fieldShapes(before, after, schema) : exact(after);
  }
  return Array.isArray(after) ? itemShapes(after, schema) : exact(after);
}

function fieldShapes(before: JsonValue | undefined, after: JsonValue, schema: SchemaNode): string {
  let shape = '{';
  for (const [name, value] of Object.entries(after ?? {})) {
    const old = isJsonObject(before) && Object.hasOwn(before, name) ? before[name] : undefined;
    const field = fieldSchema(schema, name)?.schema ?? anything;
    shape += `${JSON.stringify(name)}${shapeOf(old, value, field)}`;
  }
  return `${shape}}`;
}

function itemShapes(items: readonly JsonValue[], schema: SchemaNode): string {
  let shape = '[';
  for (const item of items) {
    shape += `${itemElement(schema, item) ?? ''}\n${shapeOf(undefined, item, itemSchema(schema))},`;
  }
  return `${shape}]`;
}

function exact(value: JsonValue | undefined): string {
  return `=${JSON.stringify(value)};`;
}
