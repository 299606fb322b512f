import { itemsOf, valuesOf } from '../../api/apiextensions-v1/structural-node.js';
import type { JSONSchemaProps } from '../../api/gen/apiextensions-v1.js';
import { escapedName } from '../../cel/escaped-name.js';
import { parseDuration, parseTimestamp } from '../../cel/time-values.js';
import { bool, type CelType, dyn, int, listOf, mapOf, named } from '../../cel/types.js';
import type { CelValue } from '../../cel/values.js';
import type { JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';

/** Bytes of a request at most: what bounds all that a schema does not bound. */
export const requestBytesMax = 3 * 1024 * 1024;

/** The type of the values of a schema. `isRoot`: of an object, which has metadata too. */
export function schemaType(props: JSONSchemaProps, isRoot = false): CelType {
  if (props['x-kubernetes-int-or-string'] === true) return dyn;
  const isObject = isRoot || props['x-kubernetes-embedded-resource'] === true;
  switch (props.type) {
    case 'integer':
      return int;
    case 'number':
      return named('double');
    case 'boolean':
      return bool;
    case 'string':
      return textType(props);
    case 'array': {
      const items = itemsOf(props);
      const bytes = items === undefined ? 1 : sizeMin(items);
      const sizeMax = props.maxItems ?? Math.floor(requestBytesMax / (bytes + 1));
      return listOf(items === undefined ? dyn : schemaType(items), sizeMax);
    }
    case 'object': {
      const values = valuesOf(props);
      if (values === undefined || values === false) return objectType(props, isObject);
      const bytes = typeof values === 'object' ? sizeMin(values) : 1;
      const sizeMax = props.maxProperties ?? Math.floor(requestBytesMax / (bytes + 4));
      return mapOf(
        named('string', requestBytesMax),
        typeof values === 'object' ? schemaType(values) : dyn,
        sizeMax,
      );
    }
    default:
      return props.properties === undefined ? dyn : objectType(props, isObject);
  }
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

const metadataType: CelType = {
  kind: 'object',
  name: 'ObjectMeta',
  fields: new Map([
    ['name', named('string', 253)],
    ['generateName', named('string', 253)],
  ]),
};

function objectType(props: JSONSchemaProps, isObject: boolean): CelType {
  const fields = new Map<string, CelType>();
  for (const [name, field] of Object.entries(props.properties ?? {})) {
    const escaped = escapedName(name);
    if (escaped !== null) fields.set(escaped, schemaType(field));
  }
  if (isObject) {
    fields.set('apiVersion', named('string', 253));
    fields.set('kind', named('string', 253));
    fields.set('metadata', metadataType);
  }
  return { kind: 'object', name: 'object', fields };
}

/** Bytes that a value takes at least in a request. */
export function sizeMin(props: JSONSchemaProps): number {
  if (props.type === 'string') return 2 + (props.minLength ?? 0);
  if (props.type === 'boolean') return 4;
  if (props.type === 'array') return 2;
  if (props.type !== 'object') return 1;
  const required = props.required ?? [];
  return required.reduce((sum, name) => {
    const field = props.properties?.[name];
    return field === undefined ? sum : sum + name.length + 4 + sizeMin(field);
  }, 2);
}

/** A value of an object as an expression sees it. */
export function schemaValue(value: JsonValue, props: JSONSchemaProps, isRoot = false): CelValue {
  if (Array.isArray(value)) {
    const items = itemsOf(props);
    return value.map((item) => (items === undefined ? plainValue(item) : schemaValue(item, items)));
  }
  if (isJsonObject(value)) {
    const isObject = isRoot || props['x-kubernetes-embedded-resource'] === true;
    const values = valuesOf(props);
    const map = new Map<string, CelValue>();
    for (const [name, field] of Object.entries(value)) {
      const schema = props.properties?.[name];
      if (isObject && name === 'metadata') map.set(name, metadataValue(field));
      else if (isObject && (name === 'apiVersion' || name === 'kind'))
        map.set(name, plainValue(field));
      else if (schema !== undefined) map.set(escapedName(name) ?? name, schemaValue(field, schema));
      else if (typeof values === 'object') map.set(name, schemaValue(field, values));
      else if (values === true) map.set(name, plainValue(field));
    }
    return map;
  }
  if (typeof value === 'string') return textValue(value, props);
  if (typeof value !== 'number') return value;
  return props.type === 'number' || !Number.isInteger(value) ? value : BigInt(value);
}

function metadataValue(value: JsonValue): CelValue {
  const map = new Map<string, CelValue>();
  if (!isJsonObject(value)) return map;
  for (const name of ['name', 'generateName'])
    if (typeof value[name] === 'string') map.set(name, value[name] as string);
  return map;
}

function textValue(value: string, { format }: JSONSchemaProps): CelValue {
  if (format === 'date-time' || format === 'date') return parseTimestamp(value);
  if (format === 'duration') return parseDuration(value);
  return format === 'byte' ? Buffer.from(value, 'base64') : value;
}

/** JSON without a schema: whole numbers are integers. */
export function plainValue(value: JsonValue): CelValue {
  if (Array.isArray(value)) return value.map(plainValue);
  if (isJsonObject(value)) {
    const map = new Map<string, CelValue>();
    for (const [name, field] of Object.entries(value)) map.set(name, plainValue(field));
    return map;
  }
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  return value;
}
