import type { JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import type { SchemaNode, SchemaType } from '../../machinery/schema-node.js';
import type { JSONSchemaProps } from '../gen/apiextensions-v1.js';
import { objectMetaSchema } from '../schema.js';

const noFields: ReadonlyMap<string, SchemaNode> = new Map();

/** A value of which nothing is said: it is kept as it is. */
const anyNode: SchemaNode = emptyNode('any');

/** Every object in an object has these, whatever its schema says. */
function embeddedFields(): readonly (readonly [string, SchemaNode])[] {
  return [
    ['apiVersion', emptyNode('string')],
    ['kind', emptyNode('string')],
    ['metadata', objectMetaSchema()],
  ];
}

/**
 * The schema of a custom resource as the rest of the server walks schemas: for pruning, defaults and server-side apply. What only
 * validation needs stays in `props`.
 */
export function structuralNode(props: JSONSchemaProps): SchemaNode {
  const type = typeOf(props);
  return {
    ...emptyNode(type),
    format: props.format ?? '',
    fields: fieldsOf(props, type),
    required: props.required ?? [],
    element: elementOf(props, type),
    preservesUnknownFields: props['x-kubernetes-preserve-unknown-fields'] === true,
    listType: listTypeOf(props),
    listMapKeys: props['x-kubernetes-list-map-keys'] ?? [],
    isAtomic: props['x-kubernetes-map-type'] === 'atomic',
    isNullable: props.nullable === true,
    default: props.default,
  };
}

/** The schema of a list's items; undefined without. */
export function itemsOf({ items }: JSONSchemaProps): JSONSchemaProps | undefined {
  const value: JsonValue | undefined = items;
  return isJsonObject(value) ? (value as JSONSchemaProps) : undefined;
}

/** The schema of a map's values; `true` allows any; undefined without. */
export function valuesOf({
  additionalProperties,
}: JSONSchemaProps): JSONSchemaProps | boolean | undefined {
  return additionalProperties;
}

/** A node of a type, of which nothing else is said. */
export function emptyNode(type: SchemaType): SchemaNode {
  return {
    type,
    format: '',
    fields: noFields,
    required: [],
    element: undefined,
    preservesUnknownFields: false,
    listType: 'atomic',
    listMapKeys: [],
    isAtomic: false,
    patchStrategies: [],
    patchMergeKey: '',
    isNullable: false,
    default: undefined,
  };
}

function typeOf(props: JSONSchemaProps): SchemaType {
  if (props['x-kubernetes-int-or-string'] === true) return 'int-or-string';
  const { type = '' } = props;
  if (type === 'array') return 'list';
  if (type === 'string' || type === 'integer' || type === 'number' || type === 'boolean')
    return type;
  if (type === 'object' || props.properties !== undefined) return isMap(props) ? 'map' : 'object';
  return 'any';
}

function isMap(props: JSONSchemaProps): boolean {
  const values = valuesOf(props);
  return values !== undefined && values !== false && props.properties === undefined;
}

function fieldsOf(props: JSONSchemaProps, type: SchemaType): ReadonlyMap<string, SchemaNode> {
  if (type !== 'object') return noFields;
  const fields = new Map<string, SchemaNode>();
  for (const [name, field] of Object.entries(props.properties ?? {}))
    fields.set(name, structuralNode(field));
  if (props['x-kubernetes-embedded-resource'] === true)
    for (const [name, node] of embeddedFields()) fields.set(name, node);
  return fields;
}

function elementOf(props: JSONSchemaProps, type: SchemaType): SchemaNode | undefined {
  if (type === 'list') {
    const items = itemsOf(props);
    return items === undefined ? anyNode : structuralNode(items);
  }
  if (type !== 'map') return undefined;
  const values = valuesOf(props);
  return typeof values === 'object' ? structuralNode(values) : anyNode;
}

function listTypeOf(props: JSONSchemaProps): SchemaNode['listType'] {
  const type = props['x-kubernetes-list-type'];
  return type === 'set' || type === 'map' ? type : 'atomic';
}
