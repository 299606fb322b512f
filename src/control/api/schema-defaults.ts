import { cloneJson } from '../machinery/clone.js';
import type { JsonObject, JsonValue } from '../machinery/json.js';
import { isJsonObject, setField } from '../machinery/json-object.js';
import type { KubeObject } from '../machinery/object.js';
import { fieldsOf } from '../machinery/object.js';
import type { SchemaNode } from '../machinery/schema-node.js';
import { BuiltInSchemaNode } from './built-in-schema-node.js';
import type { KindRules } from './kind-definition.js';

/** A kind with what is needed to complete its objects; a ServedResource or ServedKind is one. */
export interface DefaultsSource {
  readonly schema: SchemaNode;
  readonly rules: Pick<KindRules, 'setDefaults'>;
}

/** Fills in what the client left out, in place: the defaults of the schema, then those of the kind's own rules. Idempotent. */
export function setObjectDefaults(object: KubeObject, { schema, rules }: DefaultsSource): void {
  setSchemaDefaults(fieldsOf(object), schema);
  rules.setDefaults?.(object);
}

/**
 * Fills in the defaults of the schema, in place, where a field is absent; in custom resources also where it is null and may not be.
 * What a default brings is completed too.
 */
export function setSchemaDefaults(value: JsonValue, node: SchemaNode): void {
  if (!hasDefaults(node)) return;
  if (Array.isArray(value)) {
    if (node.type === 'list' && node.element !== undefined)
      for (const item of value) setSchemaDefaults(item, node.element);
  } else if (isJsonObject(value)) {
    if (node.type === 'object') completeFields(value, node);
    else if (node.type === 'map' && node.element !== undefined)
      for (const key of Object.keys(value))
        setSchemaDefaults(value[key] as JsonValue, node.element);
  }
}

function completeFields(object: JsonObject, node: SchemaNode): void {
  for (const [name, field] of fieldsToComplete(node)) {
    const isPresent = Object.hasOwn(object, name);
    const isMissing = !isPresent || (object[name] === null && !field.isNullable);
    if (isMissing && field.default !== undefined && !isZeroDefault(field))
      setField(object, name, cloneJson(field.default));
    if (Object.hasOwn(object, name)) setSchemaDefaults(object[name] as JsonValue, field);
  }
}

/** The built-in schemas say what Go's zero values are in the form of defaults; reading has written those already. */
function isZeroDefault(field: SchemaNode): boolean {
  const isZero = field.default === '' || field.default === 0 || field.default === false;
  return field instanceof BuiltInSchemaNode && isZero;
}

const fieldsOfNodes = new WeakMap<SchemaNode, readonly (readonly [string, SchemaNode])[]>();

/** The fields with a default, or with one somewhere below. */
function fieldsToComplete(node: SchemaNode): readonly (readonly [string, SchemaNode])[] {
  let fields = fieldsOfNodes.get(node);
  if (fields === undefined) {
    fields = [...node.fields].filter(([, field]) => hasDefaults(field));
    fieldsOfNodes.set(node, fields);
  }
  return fields;
}

const knowledge = new WeakMap<SchemaNode, boolean>();

/** Whether there is a default anywhere in the schema: most have none, and their objects need no walk. */
function hasDefaults(node: SchemaNode): boolean {
  const known = knowledge.get(node);
  if (known !== undefined) return known;
  const isFound = findDefaults(node, new Set());
  knowledge.set(node, isFound);
  return isFound;
}

/** Schemas may be recursive: what is being looked at already adds nothing. */
function findDefaults(node: SchemaNode, open: Set<ReadonlyMap<string, SchemaNode>>): boolean {
  if (node.default !== undefined && !isZeroDefault(node)) return true;
  if (node.element !== undefined && findDefaults(node.element, open)) return true;
  if (open.has(node.fields)) return false;
  open.add(node.fields);
  for (const field of node.fields.values()) if (findDefaults(field, open)) return true;
  return false;
}
