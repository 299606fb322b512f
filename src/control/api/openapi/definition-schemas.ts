import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { descriptionsOf } from '../descriptions/descriptions.js';
import { type SchemaFact, schemaFacts } from '../schema-facts.js';

/** The versions of OpenAPI that differ in how they write a schema. */
export type OpenApiVersion = 2 | 3;

/** Where the definitions of a document are. */
export function refTo(definition: string, version: OpenApiVersion): string {
  return `${version === 2 ? '#/definitions/' : '#/components/schemas/'}${definition}`;
}

const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const intOrString = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';

/** The schema of a definition of the Kubernetes API; undefined when there is none of that name. */
export function definitionSchema(name: string, version: OpenApiVersion): JsonObject | undefined {
  const fact = schemaFacts().definitions[name];
  if (fact === undefined) return undefined;
  const descriptions = descriptionsOf(name);
  const own = descriptions[''];
  const schema = {
    ...(own === undefined ? {} : { description: own }),
    ...plainSchema(fact, version, descriptions),
  };
  if (version === 2) return schema;
  if (name === quantity) return alternatives(schema, 'string', 'number');
  return name === intOrString ? alternatives(schema, 'integer', 'string') : schema;
}

function alternatives({ type: _type, ...schema }: JsonObject, ...types: string[]): JsonObject {
  return { ...schema, oneOf: types.map((type) => ({ type })) };
}

function plainSchema(
  fact: SchemaFact,
  version: OpenApiVersion,
  descriptions: Readonly<Record<string, string>> = {},
): JsonObject {
  const { type, format, items, values, properties, required } = fact;
  const hasDefault = version === 3 && fact.default !== undefined;
  return {
    ...(type === undefined ? {} : { type }),
    ...(format === undefined ? {} : { format }),
    ...(hasDefault ? { default: fact.default as JsonValue } : {}),
    ...(required === undefined ? {} : { required: [...required] }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([field, schema]) => [
              field,
              fieldSchema(schema, version, descriptions[field]),
            ]),
          ),
        }),
    ...(items === undefined ? {} : { items: fieldSchema(items, version) }),
    ...(values === undefined ? {} : { additionalProperties: fieldSchema(values, version) }),
    ...extensionsOf(fact),
  };
}

/** OpenAPI 3 takes nothing beside a reference, so what is said about the field goes around it. */
function fieldSchema(fact: SchemaFact, version: OpenApiVersion, description?: string): JsonObject {
  const said = description === undefined ? {} : { description };
  if (fact.ref === undefined) return { ...said, ...plainSchema(fact, version) };
  const reference = { $ref: refTo(fact.ref, version) };
  const rest = { ...said, ...plainSchema(fact, version) };
  if (version === 2) return { ...said, ...reference };
  return Object.keys(rest).length === 0 ? reference : { ...rest, allOf: [reference] };
}

/** The marks that Kubernetes adds to OpenAPI. */
const extensionNames = [
  'group-version-kind',
  'list-map-keys',
  'list-type',
  'map-type',
  'patch-merge-key',
  'patch-strategy',
  'unions',
] as const;

function extensionsOf(fact: SchemaFact): JsonObject {
  const extensions: JsonObject = {};
  for (const name of extensionNames) {
    const value = fact[name];
    if (value !== undefined) extensions[`x-kubernetes-${name}`] = value as JsonValue;
  }
  return extensions;
}

/** The definitions that a schema refers to. */
export function* referencesIn(value: JsonValue): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) yield* referencesIn(item);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    if (name === '$ref' && typeof member === 'string')
      yield member.slice(member.lastIndexOf('/') + 1);
    else yield* referencesIn(member);
  }
}
