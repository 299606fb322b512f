import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import { type Descriptions, descriptionsOf } from '../descriptions/descriptions.js';
import { type SchemaFact, schemaFacts } from '../schema-facts.js';
import { type EnumFacts, enumsOf } from './enum-facts.js';

/** The versions of OpenAPI that differ in how they write a schema. */
export type OpenApiVersion = 2 | 3;

/** Where the definitions of a document are. */
export function refTo(definition: string, version: OpenApiVersion): string {
  return `${version === 2 ? '#/definitions/' : '#/components/schemas/'}${definition}`;
}

const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const intOrString = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';

/** What is said about the fields of a definition besides their types. */
interface FieldNotes {
  readonly descriptions: Descriptions;
  readonly enums: EnumFacts;
}

const noNotes: FieldNotes = { descriptions: {}, enums: {} };

/** The schema of a definition of the Kubernetes API; undefined when there is none of that name. */
export function definitionSchema(name: string, version: OpenApiVersion): JsonObject | undefined {
  const fact = schemaFacts().definitions[name];
  if (fact === undefined) return undefined;
  const descriptions = descriptionsOf(name);
  const own = descriptions[''];
  const schema = {
    ...(own === undefined ? {} : { description: own }),
    ...plainSchema(fact, version, { descriptions, enums: enumsOf(name) }),
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
  notes: FieldNotes = noNotes,
): JsonObject {
  const { type, format, items, values, properties, required } = fact;
  const hasDefault = version === 3 && fact.default !== undefined;
  return {
    ...(type === undefined ? {} : { type }),
    ...(format === undefined ? {} : { format }),
    ...(hasDefault ? { default: fact.default as JsonValue } : {}),
    ...(required === undefined ? {} : { required: [...required] }),
    ...(properties === undefined ? {} : { properties: fieldsOf(properties, version, notes) }),
    ...(items === undefined ? {} : { items: partSchema(items, version) }),
    ...(values === undefined ? {} : { additionalProperties: partSchema(values, version) }),
    ...extensionsOf(fact),
  };
}

function fieldsOf(
  properties: Readonly<Record<string, SchemaFact>>,
  version: OpenApiVersion,
  { descriptions, enums }: FieldNotes,
): JsonObject {
  const fields: JsonObject = {};
  for (const [name, fact] of Object.entries(properties)) {
    const field = partSchema(fact, version, descriptions[name]);
    const values = enums[name];
    const holder = isJsonObject(field.items) ? field.items : field;
    if (values !== undefined) holder.enum = [...values];
    fields[name] = field;
  }
  return fields;
}

/**
 * OpenAPI 3 takes nothing beside a reference, so what is said about the field goes around it. Version 2 has the marks beside it: kubectl
 * makes its patches of a Deployment's strategy by one.
 */
function partSchema(fact: SchemaFact, version: OpenApiVersion, description?: string): JsonObject {
  const said = description === undefined ? {} : { description };
  if (fact.ref === undefined) return { ...said, ...plainSchema(fact, version) };
  const reference = { $ref: refTo(fact.ref, version) };
  if (version === 2) return { ...said, ...reference, ...extensionsOf(fact) };
  const rest = { ...said, ...plainSchema(fact, version) };
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
