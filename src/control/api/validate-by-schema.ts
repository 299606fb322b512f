import type { FieldError } from '../machinery/field-errors.js';
import { type FieldPath, fieldPath, required } from '../machinery/field-path.js';
import type { JsonObject, JsonValue } from '../machinery/json.js';
import { getField, isJsonObject } from '../machinery/json-object.js';
import { fieldsOf, type KubeObject } from '../machinery/object.js';
import type { SchemaNode } from '../machinery/schema-node.js';

/** These have their own rules, or are written by the server's own side. */
const fieldsWithOwnRules: ReadonlySet<string> = new Set(['metadata', 'status']);

/**
 * The rule for kinds without rules of their own: what the schema requires is there, and not empty where it is a text or a list. Types
 * need no check, decoding has seen to them. Empty when the object is good.
 */
export function validateBySchema(object: KubeObject, schema: SchemaNode): readonly FieldError[] {
  const errors: FieldError[] = [];
  const fields = fieldsOf(object);
  for (const [name, node] of schema.fields) {
    if (fieldsWithOwnRules.has(name)) continue;
    const isRequired = schema.required.includes(name);
    validateField(getField(fields, name), { node, isRequired, path: fieldPath(name) }, errors);
  }
  return errors;
}

interface Place {
  readonly node: SchemaNode;
  readonly isRequired: boolean;
  readonly path: FieldPath;
}

function validateField(
  value: JsonValue | undefined,
  { node, isRequired, path }: Place,
  errors: FieldError[],
): void {
  if (value === undefined || value === null || value === '' || isEmptyList(value)) {
    if (isRequired) errors.push(required(path, ''));
  } else if (node.type === 'list' && Array.isArray(value)) {
    validateItems(value, { node, path }, errors);
  } else if (node.type === 'map' && isJsonObject(value)) {
    validateValues(value, { node, path }, errors);
  } else if (node.type === 'object' && isJsonObject(value)) {
    validateMembers(value, { node, path }, errors);
  }
}

function isEmptyList(value: JsonValue): boolean {
  return Array.isArray(value) && value.length === 0;
}

type InnerPlace = Omit<Place, 'isRequired'>;

function validateItems(list: JsonValue[], { node, path }: InnerPlace, errors: FieldError[]): void {
  const element = node.element;
  if (element === undefined) return;
  list.forEach((item, at) => {
    validateField(item, { node: element, isRequired: false, path: path.index(at) }, errors);
  });
}

function validateValues(map: JsonObject, { node, path }: InnerPlace, errors: FieldError[]): void {
  const element = node.element;
  if (element === undefined) return;
  for (const [key, value] of Object.entries(map))
    validateField(value, { node: element, isRequired: false, path: path.key(key) }, errors);
}

function validateMembers(
  object: JsonObject,
  { node, path }: InnerPlace,
  errors: FieldError[],
): void {
  for (const [name, field] of node.fields) {
    const isRequired = node.required.includes(name);
    const place = { node: field, isRequired, path: path.child(name) };
    validateField(getField(object, name), place, errors);
  }
}
