import { cloneJson } from '../../machinery/clone.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import { type FieldPath, invalidValue } from '../../machinery/field-path.js';
import type { JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import type { JSONSchemaProps } from '../gen/apiextensions-v1.js';
import { setSchemaDefaults } from '../schema-defaults.js';
import { itemsOf, structuralNode, valuesOf } from './structural-node.js';
import { validateValue } from './validate-value.js';

/** What is wrong with the defaults in a schema: each must be a good value, and name no field that would be pruned. */
export function defaultErrors(props: JSONSchemaProps, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (props.default !== undefined) errors.push(...errorsOf(props, path.child('default')));
  const items = itemsOf(props);
  if (items !== undefined) errors.push(...defaultErrors(items, path.child('items')));
  const values = valuesOf(props);
  if (typeof values === 'object')
    errors.push(...defaultErrors(values, path.child('additionalProperties')));
  for (const [name, property] of Object.entries(props.properties ?? {}))
    errors.push(...defaultErrors(property, path.child('properties').key(name)));
  return errors;
}

function errorsOf(props: JSONSchemaProps, path: FieldPath): FieldError[] {
  const value = cloneJson(props.default as JsonValue);
  const node = structuralNode(props);
  if (!deepEqual(pruned(value, node), value))
    return [invalidValue(path, value, 'must not have unknown fields')];
  setSchemaDefaults(value, node);
  return validateValue(props, { value, path });
}

/** A copy without what the schema does not know. */
function pruned(value: JsonValue, node: SchemaNode): JsonValue {
  if (Array.isArray(value)) {
    const { element } = node;
    return element === undefined ? value : value.map((item) => pruned(item, element));
  }
  if (!isJsonObject(value) || node.type === 'any') return value;
  const { element } = node;
  const kept = Object.entries(value).flatMap(([name, field]) => {
    const schema = node.type === 'map' ? element : node.fields.get(name);
    if (schema !== undefined) return [[name, pruned(field, schema)] as const];
    return node.preservesUnknownFields ? [[name, field] as const] : [];
  });
  return Object.fromEntries(kept);
}
