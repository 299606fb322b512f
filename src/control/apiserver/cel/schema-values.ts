import { itemsOf, valuesOf } from '../../api/apiextensions-v1/structural-node.js';
import type { JSONSchemaProps } from '../../api/gen/apiextensions-v1.js';
import { escapedName } from '../../cel/escaped-name.js';
import { parseDuration, parseTimestamp } from '../../cel/time-values.js';
import type { CelValue } from '../../cel/values.js';
import type { JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';

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
