import type { JsonObject } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import type { SchemaNode, SchemaType } from '../../machinery/schema-node.js';
import { commonDescriptions, descriptionsOf } from '../descriptions/descriptions.js';
import type { ServedResource } from '../scheme.js';
import { definitionNameOf, metaDefinition } from './definition-names.js';
import { type OpenApiVersion, refTo } from './definition-schemas.js';

/** The definitions of a custom resource: of its objects and of their lists, by name. */
export function customSchemas(
  resource: ServedResource,
  version: OpenApiVersion,
): ReadonlyMap<string, JsonObject> {
  const { listKind } = resource;
  const [name, listName] = [resource.kind, listKind].map((kind) =>
    definitionNameOf(resource, { ...resource, kind }),
  ) as [string, string];
  const own = resource.openApiSchema ?? schemaOfNode(resource.schema);
  const object = version === 2 && own[preserve] === true ? anyObject : objectSchema(own, version);
  const list = {
    type: 'object',
    required: ['items'],
    properties: {
      ...typeFields(),
      metadata: describedRef('ListMeta', descriptionsOf('meta.v1.List').metadata, version),
      items: { type: 'array', items: { $ref: refTo(name, version) } },
    },
  };
  return new Map<string, JsonObject>([
    [name, { ...object, ...kindMark(resource, resource.kind) }],
    [listName, { ...list, ...kindMark(resource, listKind) }],
  ]);
}

const preserve = 'x-kubernetes-preserve-unknown-fields';

/** As OpenAPI 2 has objects with unknown fields: where a field is named, kubectl takes all others for mistakes. */
const anyObject: JsonObject = { type: 'object' };

function objectSchema(own: JsonObject, version: OpenApiVersion): JsonObject {
  const schema = mapSchemas(version === 2 ? forVersion2(own) : own, (field) =>
    withEmbedded(field, version),
  );
  return { ...schema, type: 'object', properties: objectFields(schema, version) };
}

/** The fields of an object in an object are said too, but where OpenAPI 2 then says that there are no others. */
function withEmbedded(own: JsonObject, version: OpenApiVersion): JsonObject {
  const schema = mapSchemas(own, (field) => withEmbedded(field, version));
  if (schema['x-kubernetes-embedded-resource'] !== true) return schema;
  if (version === 2 && schema[preserve] === true) return schema;
  const required = Array.isArray(schema.required) ? schema.required : [];
  const missing = ['kind', 'apiVersion'].filter((name) => !required.includes(name));
  return {
    ...schema,
    required: [...required, ...missing],
    properties: objectFields(schema, version),
  };
}

function objectFields({ properties }: JsonObject, version: OpenApiVersion): JsonObject {
  return {
    ...typeFields(),
    metadata: describedRef('ObjectMeta', commonDescriptions().metadata, version),
    ...(isJsonObject(properties) ? withoutMetadata(properties) : {}),
  };
}

function typeFields(): JsonObject {
  const { apiVersion = '', kind = '' } = commonDescriptions();
  const text = (description: string) => ({ description, type: 'string' });
  return { apiVersion: text(apiVersion), kind: text(kind) };
}

/** OpenAPI 3 takes nothing beside a reference. */
function describedRef(meta: string, description = '', version: OpenApiVersion): JsonObject {
  const reference = { $ref: refTo(metaDefinition(meta), version) };
  return version === 2 ? { description, ...reference } : { description, allOf: [reference] };
}

function withoutMetadata({ metadata: _metadata, ...fields }: JsonObject): JsonObject {
  return fields;
}

function kindMark({ group, version }: ServedResource, kind: string): JsonObject {
  return { 'x-kubernetes-group-version-kind': [{ group, kind, version }] };
}

/** What OpenAPI 2 does not have. A value that may be null, or one of several things, is then anything. */
function forVersion2(schema: JsonObject): JsonObject {
  const { nullable, allOf: _allOf, oneOf: _oneOf, anyOf: _anyOf, not: _not, ...others } = schema;
  const { default: _default, ...rest } = withoutNullableRequired(others);
  const isAny = nullable === true || rest['x-kubernetes-int-or-string'] === true;
  if (!isAny && rest[preserve] !== true) return mapSchemas(rest, forVersion2);
  const { properties: _properties, items: _items, type, ...bare } = rest;
  // To kubectl, an object or a list with a type and nothing in it is a mistake as soon as one of its values is null.
  const isTyped = !isAny && type !== undefined && type !== 'object' && type !== 'array';
  return { ...(isTyped ? { type } : {}), ...bare };
}

/** A field that may be null cannot be required: to kubectl null is no value. */
function withoutNullableRequired(schema: JsonObject): JsonObject {
  const { required, properties, ...rest } = schema;
  if (!Array.isArray(required) || !isJsonObject(properties)) return schema;
  const kept = required.filter((name) => {
    const field = properties[String(name)];
    return !isJsonObject(field) || field.nullable !== true;
  });
  return { ...rest, ...(kept.length === 0 ? {} : { required: kept }), properties };
}

function mapSchemas(schema: JsonObject, change: (schema: JsonObject) => JsonObject): JsonObject {
  const { properties, items, additionalProperties } = schema;
  return {
    ...schema,
    ...(isJsonObject(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, field]) => [
              name,
              isJsonObject(field) ? change(field) : field,
            ]),
          ),
        }
      : {}),
    ...(isJsonObject(items) ? { items: change(items) } : {}),
    ...(isJsonObject(additionalProperties)
      ? { additionalProperties: change(additionalProperties) }
      : {}),
  };
}

const typeNames: Readonly<Record<SchemaType, JsonObject>> = {
  object: { type: 'object' },
  map: { type: 'object' },
  list: { type: 'array' },
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  'int-or-string': { 'x-kubernetes-int-or-string': true },
  quantity: { type: 'string' },
  any: { [preserve]: true },
};

/** A schema in OpenAPI, of a resource that comes without one. */
function schemaOfNode(node: SchemaNode): JsonObject {
  const { format, required, element } = node;
  const fields = [...node.fields].map(([name, field]) => [name, schemaOfNode(field)] as const);
  return {
    ...typeNames[node.type],
    ...(format === '' ? {} : { format }),
    ...(required.length === 0 ? {} : { required: [...required] }),
    ...(fields.length === 0 ? {} : { properties: Object.fromEntries(fields) }),
    ...(node.type === 'list' && element !== undefined ? { items: schemaOfNode(element) } : {}),
    ...(node.type === 'map' && element !== undefined
      ? { additionalProperties: schemaOfNode(element) }
      : {}),
  };
}
