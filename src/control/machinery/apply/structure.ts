import type { JsonValue } from '../json.js';
import { isJsonObject } from '../json-object.js';
import type { SchemaNode } from '../schema-node.js';

/** How a value is merged: as one, by its fields, or by its items. */
export type Structure = 'leaf' | 'fields' | 'items';

/**
 * How values of a schema are merged. What a schema says nothing about is merged by its fields as far as it has any, its lists as one
 * value; `like` then decides.
 */
export function structureOf(schema: SchemaNode, like: JsonValue | undefined): Structure {
  switch (schema.type) {
    case 'object':
    case 'map':
      return schema.isAtomic ? 'leaf' : 'fields';
    case 'list':
      return schema.listType === 'atomic' ? 'leaf' : 'items';
    case 'any':
      return isJsonObject(like) || like === null || like === undefined ? 'fields' : 'leaf';
    default:
      return 'leaf';
  }
}

/** The schema of a field; `isDeclared` tells fields that the schema names from keys of maps and from unknown fields. */
export interface FieldSchema {
  readonly schema: SchemaNode;
  readonly isDeclared: boolean;
}

/** The schema of a field of an object or map; undefined when there is no such field. */
export function fieldSchema(schema: SchemaNode, name: string): FieldSchema | undefined {
  const declared = schema.type === 'object' ? schema.fields.get(name) : undefined;
  if (declared !== undefined) return { schema: declared, isDeclared: true };
  if (schema.type === 'map') return { schema: schema.element ?? anything, isDeclared: false };
  const isOpen = schema.type === 'any' || schema.preservesUnknownFields;
  return isOpen ? { schema: anything, isDeclared: false } : undefined;
}

/** The schema of a list's items. */
export function itemSchema(schema: SchemaNode): SchemaNode {
  return schema.element ?? anything;
}

/** The schema of what no schema says anything about. */
export const anything: SchemaNode = {
  type: 'any',
  format: '',
  fields: new Map(),
  required: [],
  element: undefined,
  preservesUnknownFields: true,
  listType: 'atomic',
  listMapKeys: [],
  isAtomic: false,
  patchStrategies: [],
  patchMergeKey: '',
  isNullable: true,
  default: undefined,
};

/** The members of a value that is an object; none of anything else. */
export function membersOf(value: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  return isJsonObject(value) ? Object.entries(value) : [];
}

/** The items of a value that is a list; none of anything else. */
export function itemsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** Absent, null, or without anything in it. */
export function isEmptyValue(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}
