import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../machinery/field-path.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { getField, isJsonObject } from '../../machinery/json-object.js';
import { messageJson } from '../../machinery/quote.js';
import { PatternError, patternOf, WorkLimitError } from '../../machinery/re2/index.js';
import type { JSONSchemaProps } from '../gen/apiextensions-v1.js';
import { correlatedItems } from './list-items.js';
import { itemsOf, valuesOf } from './structural-node.js';
import { bodyError, bodyTypeError, combinationError } from './value-errors.js';
import { valueFormats } from './value-formats.js';

/** A value of an object, and what was there before: what did not change is not judged again (ratcheting). */
export interface JudgedValue {
  readonly value: JsonValue;
  /** Undefined when there is nothing to compare with. */
  readonly old?: JsonValue | undefined;
  readonly path: FieldPath;
}

/** What is wrong with a value by its schema, in the API's words. Rules in CEL are not looked at. */
export function validateValue(props: JSONSchemaProps, judged: JudgedValue): FieldError[] {
  const { value, old, path } = judged;
  if (old !== undefined && deepEqual(value, old)) return [];
  if (value === null) {
    if (props.nullable === true || isAnything(props)) return [];
    return [bodyTypeError(path, 'null', typeText(props), 'null')];
  }
  const mismatch = typeError(props, value, path);
  if (mismatch !== null) return [mismatch];
  return [
    ...enumErrors(props, value, path),
    ...(typeof value === 'string' ? textErrors(props, value, path) : []),
    ...(typeof value === 'number' ? numberErrors(props, value, path) : []),
    ...(Array.isArray(value) ? listErrors(props, value, judged) : []),
    ...(isJsonObject(value) ? objectErrors(props, value, judged) : []),
    ...combinationErrors(props, judged),
  ];
}

function isAnything(props: JSONSchemaProps): boolean {
  return (props.type ?? '') === '' && props['x-kubernetes-int-or-string'] !== true;
}

function typeText(props: JSONSchemaProps): string {
  return props['x-kubernetes-int-or-string'] === true ? 'integer,string' : (props.type ?? '');
}

function typeError(props: JSONSchemaProps, value: JsonValue, path: FieldPath): FieldError | null {
  const wanted = typeText(props);
  if (wanted === '') return null;
  const found = typeOf(value);
  const types = wanted.split(',');
  if (types.includes(found) || (found === 'integer' && types.includes('number'))) return null;
  return bodyTypeError(path, found, wanted, found);
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function enumErrors(props: JSONSchemaProps, value: JsonValue, path: FieldPath): FieldError[] {
  const allowed = props.enum;
  if (allowed === undefined || allowed.some((one) => deepEqual(one, value))) return [];
  const texts = allowed.map((one) => (typeof one === 'string' ? one : messageJson(one)));
  return [notSupported(path, value, texts)];
}

/** False too when it would take too long to say, or when it is no expression: none gets into a schema. */
function isMatch(pattern: string, value: string): boolean {
  const made = patternOf(pattern);
  if (made instanceof PatternError) return false;
  try {
    return made.matches(value);
  } catch (error) {
    if (error instanceof WorkLimitError) return false;
    throw error;
  }
}

function textErrors(props: JSONSchemaProps, value: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { maxLength, minLength, pattern, format = '' } = props;
  const length = [...value].length;
  if (maxLength !== undefined && length > maxLength) errors.push(tooLong(path, value, maxLength));
  if (minLength !== undefined && length < minLength)
    errors.push(bodyError(path, value, `should be at least ${minLength} chars long`));
  if (pattern !== undefined && pattern !== '' && !isMatch(pattern, value))
    errors.push(bodyError(path, value, `should match '${pattern}'`));
  const isOfFormat = valueFormats[format];
  if (isOfFormat !== undefined && !isOfFormat(value))
    errors.push(bodyTypeError(path, value, format, value));
  return errors;
}

function numberErrors(props: JSONSchemaProps, value: number, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { maximum, minimum, multipleOf, format } = props;
  if (multipleOf !== undefined && !isMultiple(value, multipleOf))
    errors.push(bodyError(path, value, `should be a multiple of ${multipleOf}`));
  if (maximum !== undefined && (props.exclusiveMaximum ? value >= maximum : value > maximum)) {
    const orEqual = props.exclusiveMaximum ? '' : ' or equal to';
    errors.push(bodyError(path, value, `should be less than${orEqual} ${maximum}`));
  }
  if (minimum !== undefined && (props.exclusiveMinimum ? value <= minimum : value < minimum)) {
    const orEqual = props.exclusiveMinimum ? '' : ' or equal to';
    errors.push(bodyError(path, value, `should be greater than${orEqual} ${minimum}`));
  }
  if (format === 'int32' && (value > 2147483647 || value < -2147483648))
    errors.push(bodyError(path, value, 'must be an int32'));
  return errors;
}

function isMultiple(value: number, factor: number): boolean {
  const quotient = value / factor;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

function listErrors(
  props: JSONSchemaProps,
  value: readonly JsonValue[],
  { old, path }: JudgedValue,
): FieldError[] {
  const { maxItems, minItems } = props;
  const errors: FieldError[] = [];
  if (maxItems !== undefined && value.length > maxItems)
    errors.push(tooMany(path, value.length, maxItems));
  if (minItems !== undefined && value.length < minItems)
    errors.push(bodyError(path, value.length, `should have at least ${minItems} items`));
  const items = itemsOf(props);
  const olds = correlatedItems(props, value, old);
  if (items !== undefined)
    value.forEach((item, at) => {
      errors.push(...validateValue(items, { value: item, old: olds[at], path: path.index(at) }));
    });
  return [...errors, ...repeatedItems(props, value, path)];
}

/** Sets have no member twice, and maps no key. */
function repeatedItems(
  props: JSONSchemaProps,
  value: readonly JsonValue[],
  path: FieldPath,
): FieldError[] {
  const listType = props['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return [];
  const keys = props['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  value.forEach((item, at) => {
    const identity = listType === 'set' ? item : keyOf(item, keys, props);
    const text = canonical(identity);
    if (seen.has(text)) errors.push(duplicate(path.index(at), identity));
    seen.add(text);
  });
  return errors;
}

function keyOf(item: JsonValue, keys: readonly string[], props: JSONSchemaProps): JsonObject {
  const key: JsonObject = {};
  if (!isJsonObject(item)) return key;
  for (const name of keys) {
    const value = getField(item, name) ?? itemsOf(props)?.properties?.[name]?.default;
    if (value !== undefined) key[name] = value;
  }
  return key;
}

function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name] as JsonValue)}`).join(',')}}`;
}

function objectErrors(
  props: JSONSchemaProps,
  value: JsonObject,
  { old, path }: JudgedValue,
): FieldError[] {
  const errors: FieldError[] = [];
  const { maxProperties, minProperties } = props;
  const names = Object.keys(value);
  if (maxProperties !== undefined && names.length > maxProperties)
    errors.push(tooMany(path, names.length, maxProperties));
  if (minProperties !== undefined && names.length < minProperties)
    errors.push(bodyError(path, names.length, `should have at least ${minProperties} properties`));
  for (const name of props.required ?? [])
    if (getField(value, name) === undefined) errors.push(required(path.child(name), ''));
  const before = isJsonObject(old) ? old : undefined;
  const values = valuesOf(props);
  for (const name of names) {
    const schema = props.properties?.[name] ?? (typeof values === 'object' ? values : undefined);
    if (schema === undefined) continue;
    const isMapValue = props.properties?.[name] === undefined;
    errors.push(
      ...validateValue(schema, {
        value: value[name] as JsonValue,
        old: before && getField(before, name),
        path: isMapValue ? path.key(name) : path.child(name),
      }),
    );
  }
  if (props['x-kubernetes-embedded-resource'] === true) errors.push(...embeddedErrors(value, path));
  return errors;
}

/** An object in an object says what it is. */
function embeddedErrors(value: JsonObject, path: FieldPath): FieldError[] {
  return ['apiVersion', 'kind'].flatMap((name) => {
    const field = getField(value, name) ?? '';
    if (typeof field !== 'string')
      return [invalidValue(path.child(name), field, 'must be a string')];
    return field === '' ? [required(path.child(name), 'must not be empty')] : [];
  });
}

function combinationErrors(props: JSONSchemaProps, judged: JudgedValue): FieldError[] {
  const { path } = judged;
  const own = { value: judged.value, path };
  const errors: FieldError[] = [];
  const { allOf = [], anyOf = [], oneOf = [], not } = props;
  const results = (schemas: readonly JSONSchemaProps[]) =>
    schemas.map((schema) => validateValue(schema, own));
  if (anyOf.length > 0) {
    const found = results(anyOf);
    if (!found.some(isEmpty))
      errors.push(
        combinationError(path, 'must validate at least one schema (anyOf)'),
        ...fewest(found),
      );
  }
  if (oneOf.length > 0) {
    const found = results(oneOf);
    const count = found.filter(isEmpty).length;
    if (count !== 1) {
      const how = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`;
      errors.push(
        combinationError(path, `must validate one and only one schema (oneOf). ${how}`),
        ...(count === 0 ? fewest(found) : []),
      );
    }
  }
  if (allOf.length > 0) {
    const found = results(allOf);
    const count = found.filter(isEmpty).length;
    if (count < allOf.length) {
      const how = count === 0 ? '. None validated' : '';
      errors.push(
        ...found.flat(),
        combinationError(path, `must validate all the schemas (allOf)${how}`),
      );
    }
  }
  if (not !== undefined && validateValue(not, own).length === 0)
    errors.push(combinationError(path, 'must not validate the schema (not)'));
  return errors;
}

function isEmpty(errors: readonly FieldError[]): boolean {
  return errors.length === 0;
}

/** Of several ways to fail, the one that comes closest. */
function fewest(results: readonly (readonly FieldError[])[]): readonly FieldError[] {
  return results.reduce((best, errors) => (errors.length < best.length ? errors : best));
}
