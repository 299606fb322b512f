import { itemsOf, valuesOf } from '../api/apiextensions-v1/structural-node.js';
import type { JSONSchemaProps } from '../api/gen/apiextensions-v1.js';
import { isJsonObject } from '../machinery/json-object.js';
import { escapedName } from './escaped-name.js';
import { sizeMin } from './schema-size.js';
import { bool, type CelType, dyn, int, listOf, mapOf, named, objectOf } from './types.js';

/** Bytes of a request at most: what bounds all that a schema does not bound. */
export const requestBytesMax = 3 * 1024 * 1024;

/** How a schema is walked. */
export interface SchemaTypeOptions {
  /** The schema is of a whole custom resource, which has metadata whatever the schema says. */
  readonly isRoot?: boolean;
  /** What the type of its objects is called; those below are called by their paths from it. Absent: all are called `object`. */
  readonly name?: string;
  /** The schemas that references lead to, by their names. */
  readonly definitions?: Readonly<Record<string, unknown>>;
}

/**
 * The type of the values of a schema, of OpenAPI 3 or of a CustomResourceDefinition. What a schema leaves open is `dyn`, and so is what
 * contains itself below itself: whether that makes sense shows when it is evaluated.
 */
export function schemaType(schema: JSONSchemaProps, options: SchemaTypeOptions = {}): CelType {
  const { isRoot = false, name = null, definitions = {} } = options;
  return new SchemaTypes(definitions).typeOf(schema, { isRoot, name, above: [] });
}

/** Where a schema is. */
interface Place {
  readonly isRoot: boolean;
  /** Null: objects have no names of their own. */
  readonly name: string | null;
  /** The definitions that this is a part of. */
  readonly above: readonly string[];
}

class SchemaTypes {
  readonly #definitions: Readonly<Record<string, unknown>>;

  constructor(definitions: Readonly<Record<string, unknown>>) {
    this.#definitions = definitions;
  }

  typeOf(schema: JSONSchemaProps, place: Place): CelType {
    const reference = referenceOf(schema);
    if (reference !== null) return this.#referred(reference, place);
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
        return textType(schema);
      case 'array':
        return this.#listType(schema, place);
      case 'object':
        return this.#mapType(schema, place) ?? this.#objectType(schema, place);
      default:
        return schema.properties === undefined ? dyn : this.#objectType(schema, place);
    }
  }

  #referred(reference: string, place: Place): CelType {
    const schema = this.#definitions[reference];
    if (!isJsonObject(schema) || place.above.includes(reference)) return dyn;
    return this.typeOf(schema as JSONSchemaProps, { ...place, above: [...place.above, reference] });
  }

  #listType(schema: JSONSchemaProps, place: Place): CelType {
    const items = itemsOf(schema);
    const bytes = items === undefined ? 1 : sizeMin(items);
    const sizeMax = schema.maxItems ?? Math.floor(requestBytesMax / (bytes + 1));
    return listOf(items === undefined ? dyn : this.typeOf(items, below(place, '@idx')), sizeMax);
  }

  /** Null: it has fields of its own, or none. */
  #mapType(schema: JSONSchemaProps, place: Place): CelType | null {
    const values = valuesOf(schema);
    if (values === undefined || values === false) return null;
    const bytes = isJsonObject(values) ? sizeMin(values) : 1;
    const sizeMax = schema.maxProperties ?? Math.floor(requestBytesMax / (bytes + 4));
    const value = isJsonObject(values) ? this.typeOf(values, below(place, '@elem')) : dyn;
    return mapOf(named('string', requestBytesMax), value, sizeMax);
  }

  #objectType(schema: JSONSchemaProps, place: Place): CelType {
    const fields: Record<string, CelType> = {};
    const { properties } = schema;
    for (const [field, inner] of Object.entries(isJsonObject(properties) ? properties : {})) {
      const escaped = escapedName(field);
      if (escaped !== null && isJsonObject(inner))
        fields[escaped] = this.typeOf(inner as JSONSchemaProps, below(place, field));
    }
    const isWhole = place.isRoot || schema['x-kubernetes-embedded-resource'] === true;
    return objectOf(place.name ?? 'object', isWhole ? { ...fields, ...wholeFields } : fields);
  }
}

const shortText = named('string', 253);

/** Every object in an object has these, whatever its schema says. */
const wholeFields: Readonly<Record<string, CelType>> = {
  apiVersion: shortText,
  kind: shortText,
  metadata: objectOf('ObjectMeta', { name: shortText, generateName: shortText }),
};

function below({ name, above }: Place, part: string): Place {
  return { isRoot: false, name: name === null ? null : `${name}.${part}`, above };
}

/** The definition that a schema is, directly or beside a description of its own. */
function referenceOf({ $ref, allOf }: JSONSchemaProps): string | null {
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1);
  if (!Array.isArray(allOf)) return null;
  for (const part of allOf) {
    const reference = isJsonObject(part) ? referenceOf(part) : null;
    if (reference !== null) return reference;
  }
  return null;
}

function textType({ format, maxLength, enum: allowed }: JSONSchemaProps): CelType {
  if (format === 'date-time' || format === 'date') return named('timestamp');
  if (format === 'duration') return named('duration');
  const longest = allowed?.reduce<number>(
    (max, one) => Math.max(max, typeof one === 'string' ? one.length : 0),
    0,
  );
  const sizeMax = maxLength ?? longest ?? requestBytesMax - 2;
  return named(format === 'byte' ? 'bytes' : 'string', sizeMax);
}
