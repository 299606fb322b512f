import {
  bool,
  type CelType,
  dyn,
  escapedName,
  int,
  listOf,
  mapOf,
  named,
  string,
} from '../../cel/index.js';
import type { JsonObject } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';

/** The schemas of a document of OpenAPI 3, by their names. */
export type Definitions = JsonObject;

/**
 * The type of the objects of a schema, as expressions see them. What a schema leaves open is `dyn`, and so is what contains itself below
 * itself: whether that makes sense shows when it is evaluated.
 */
export function schemaType(schema: JsonObject, definitions: Definitions, name: string): CelType {
  return new SchemaTypes(definitions).typeOf(schema, name, []);
}

class SchemaTypes {
  readonly #definitions: Definitions;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  /** `above` are the definitions that this is a part of. */
  typeOf(schema: JsonObject, name: string, above: readonly string[]): CelType {
    const reference = referenceOf(schema);
    if (reference !== null) return this.#referred(reference, name, above);
    if (schema.format === 'int-or-string' || schema['x-kubernetes-int-or-string'] === true)
      return dyn;
    switch (schema.type) {
      case 'integer':
        return int;
      case 'number':
        return named('double');
      case 'boolean':
        return bool;
      case 'string':
        return textType(schema.format);
      case 'array':
        return listOf(this.#inner(schema.items, `${name}.@idx`, above));
      case 'object':
        return this.#objectType(schema, name, above);
      default:
        return schema.properties === undefined ? dyn : this.#objectType(schema, name, above);
    }
  }

  #referred(reference: string, name: string, above: readonly string[]): CelType {
    const schema = this.#definitions[reference];
    if (!isJsonObject(schema) || above.includes(reference)) return dyn;
    return this.typeOf(schema, name, [...above, reference]);
  }

  #inner(schema: unknown, name: string, above: readonly string[]): CelType {
    return isJsonObject(schema) ? this.typeOf(schema, name, above) : dyn;
  }

  #objectType(schema: JsonObject, name: string, above: readonly string[]): CelType {
    const { properties, additionalProperties: values } = schema;
    if (values !== undefined && values !== false)
      return mapOf(string, this.#inner(values, `${name}.@elem`, above));
    if (!isJsonObject(properties)) return dyn;
    const fields = new Map<string, CelType>();
    for (const [field, inner] of Object.entries(properties)) {
      const escaped = escapedName(field);
      if (escaped !== null) fields.set(escaped, this.#inner(inner, `${name}.${field}`, above));
    }
    return { kind: 'object', name, fields };
  }
}

/** The definition that a schema is, directly or beside a description of its own. */
function referenceOf({ $ref, allOf }: JsonObject): string | null {
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1);
  if (!Array.isArray(allOf)) return null;
  for (const part of allOf) {
    const reference = isJsonObject(part) ? referenceOf(part) : null;
    if (reference !== null) return reference;
  }
  return null;
}

function textType(format: unknown): CelType {
  switch (format) {
    case 'byte':
      return named('bytes');
    case 'duration':
      return named('duration');
    case 'date':
    case 'date-time':
      return named('timestamp');
    default:
      return string;
  }
}
