import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { PatternError, patternOf } from '../../machinery/re2/index.js';
import type { JSONSchemaProps } from '../gen/apiextensions-v1.js';
import { itemsOf, valuesOf } from './structural-node.js';
import { defaultErrors } from './validate-defaults.js';
import { listTypeErrors, mapTypeErrors, scalarTypes } from './validate-list-types.js';

/** Where in a schema a part of it is. */
interface Place {
  readonly path: FieldPath;
  readonly isRoot: boolean;
  /** Within anyOf, oneOf, allOf or not: only what restricts values may be said there. */
  readonly isInCombination: boolean;
}

/** What is wrong with the schema of a custom resource: it must be structural, and say nothing that the API does not allow. */
export function validateSchema(props: JSONSchemaProps, path: FieldPath): FieldError[] {
  return [
    ...schemaErrors(props, { path, isRoot: true, isInCombination: false }),
    ...defaultErrors(props, path),
  ];
}

function schemaErrors(props: JSONSchemaProps, place: Place): FieldError[] {
  return [
    ...unsupportedErrors(props, place),
    ...(place.isInCombination ? combinationOnlyErrors(props, place) : typeErrors(props, place)),
    ...extensionErrors(props, place),
    ...limitErrors(props, place),
    ...innerErrors(props, place),
  ];
}

/** What JSON schema knows and the API leaves out. */
function unsupportedErrors(props: JSONSchemaProps, { path }: Place): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['definitions', 'dependencies'] as const)
    if (Object.keys(props[name] ?? {}).length > 0)
      errors.push(forbiddenField(path.child(name), `${name} is not supported`));
  if ((props.id ?? '') !== '') errors.push(forbiddenField(path.child('id'), 'id is not supported'));
  if (Object.keys(props.patternProperties ?? {}).length > 0)
    errors.push(
      forbiddenField(path.child('patternProperties'), 'patternProperties is not supported'),
    );
  if (props.additionalItems !== undefined)
    errors.push(forbiddenField(path.child('additionalItems'), 'additionalItems is not supported'));
  if ((props.$ref ?? '') !== '')
    errors.push(forbiddenField(path.child('$ref'), '$ref is not supported'));
  if (props.uniqueItems === true)
    errors.push(
      forbiddenField(
        path.child('uniqueItems'),
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  if (props.additionalProperties !== undefined && Object.keys(props.properties ?? {}).length > 0)
    errors.push(
      forbiddenField(
        path.child('additionalProperties'),
        'additionalProperties and properties are mutual exclusive',
      ),
    );
  if (props.additionalProperties === false)
    errors.push(
      forbiddenField(
        path.child('additionalProperties'),
        'additionalProperties cannot be set to false',
      ),
    );
  if (Array.isArray(props.items))
    errors.push(
      forbiddenField(path.child('items'), 'items must be a schema object and not an array'),
    );
  return errors;
}

/** Every value has a type, and what goes with that type. */
function typeErrors(props: JSONSchemaProps, { path, isRoot }: Place): FieldError[] {
  const { type = '' } = props;
  const errors: FieldError[] = [];
  const isFree =
    props['x-kubernetes-int-or-string'] === true ||
    props['x-kubernetes-preserve-unknown-fields'] === true;
  if (type === '') {
    if (isRoot) errors.push(required(path.child('type'), 'must not be empty at the root'));
    else if (!isFree) {
      const detail = 'must not be empty for specified object fields';
      errors.push(required(path.child('type'), detail));
    }
  } else if (isRoot && type !== 'object') {
    errors.push(invalidValue(path.child('type'), type, 'must be object at the root'));
  } else if (![...scalarTypes, 'object', 'array'].includes(type)) {
    errors.push(
      notSupported(path.child('type'), type, [
        'array',
        'boolean',
        'integer',
        'number',
        'object',
        'string',
      ]),
    );
  }
  if (props.nullable === true && isRoot)
    errors.push(forbiddenField(path.child('nullable'), 'nullable cannot be true at the root'));
  if (type === 'array' && itemsOf(props) === undefined && !Array.isArray(props.items))
    errors.push(required(path.child('items'), 'must be specified'));
  return errors;
}

/** These say what a value is, not which values are good: a combination of schemas must not. */
const structuralNames = [
  'type',
  'title',
  'description',
  'default',
  'nullable',
  'additionalProperties',
] as const;
const structuralMarks = [
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
] as const;

function combinationOnlyErrors(props: JSONSchemaProps, { path }: Place): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of structuralNames) {
    const value = props[name];
    if (value === undefined || value === '' || value === false) continue;
    errors.push(forbiddenField(path.child(name), 'must be empty to be structural'));
  }
  for (const name of structuralMarks) {
    const value = props[name];
    if (value === undefined || value === false || value === '') continue;
    const detail =
      name.endsWith('fields') || name.endsWith('resource') || name.endsWith('string')
        ? 'must be false to be structural'
        : 'must be empty to be structural';
    errors.push(forbiddenField(path.child(name), detail));
  }
  return errors;
}

function extensionErrors(props: JSONSchemaProps, { path, isInCombination }: Place): FieldError[] {
  if (isInCombination) return [];
  const errors: FieldError[] = [];
  const { type = '' } = props;
  if (props['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(
      invalidValue(
        path.child('x-kubernetes-preserve-unknown-fields'),
        false,
        'must be true or undefined',
      ),
    );
  if (props['x-kubernetes-embedded-resource'] === true) {
    if (type !== 'object')
      errors.push(
        type === ''
          ? required(path.child('type'), 'must be object if x-kubernetes-embedded-resource is true')
          : invalidValue(
              path.child('type'),
              type,
              'must be object if x-kubernetes-embedded-resource is true',
            ),
      );
    if (
      props['x-kubernetes-preserve-unknown-fields'] !== true &&
      Object.keys(props.properties ?? {}).length === 0
    )
      errors.push(
        required(
          path.child('properties'),
          'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
        ),
      );
  }
  if (props['x-kubernetes-int-or-string'] === true && type !== '')
    errors.push(
      invalidValue(path.child('type'), type, 'must be empty if x-kubernetes-int-or-string is true'),
    );
  return [...errors, ...mapTypeErrors(props, path), ...listTypeErrors(props, path)];
}

const negativeLimits = [
  'maxLength',
  'minLength',
  'maxItems',
  'minItems',
  'maxProperties',
  'minProperties',
] as const;

function limitErrors(props: JSONSchemaProps, { path }: Place): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of negativeLimits) {
    const limit = props[name];
    if (limit !== undefined && limit < 0)
      errors.push(invalidValue(path.child(name), limit, 'must be greater than or equal to 0'));
  }
  const pattern = props.pattern === undefined ? null : patternOf(props.pattern);
  if (pattern instanceof PatternError)
    errors.push(
      invalidValue(
        path.child('pattern'),
        props.pattern,
        `must be a valid regular expression, but isn't: ${pattern.message}`,
      ),
    );
  if (props.enum !== undefined && props.enum.length === 0)
    errors.push(required(path.child('enum'), 'must have at least one value'));
  return errors;
}

const metadataFields: readonly string[] = ['name', 'generateName'];

function innerErrors(props: JSONSchemaProps, place: Place): FieldError[] {
  const { path, isRoot, isInCombination } = place;
  const inside = (inner: JSONSchemaProps, at: FieldPath, combined = isInCombination) =>
    schemaErrors(inner, { path: at, isRoot: false, isInCombination: combined });
  const errors: FieldError[] = [];
  const items = itemsOf(props);
  if (items !== undefined) errors.push(...inside(items, path.child('items')));
  const values = valuesOf(props);
  if (typeof values === 'object')
    errors.push(...inside(values, path.child('additionalProperties')));
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    const at = path.child('properties').key(name);
    const isObjectHead = isRoot || props['x-kubernetes-embedded-resource'] === true;
    if (isObjectHead && name === 'metadata') errors.push(...metadataErrors(property, at));
    else if (isObjectHead && (name === 'apiVersion' || name === 'kind')) {
      if (property.type !== 'string' && property.type !== undefined)
        errors.push(invalidValue(at.child('type'), property.type, 'must be string'));
    } else errors.push(...inside(property, at));
  }
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const)
    (props[name] ?? []).forEach((part, at) => {
      const isIntOrString = isIntOrStringPattern(props, name, part, at);
      if (!isIntOrString) errors.push(...inside(part, path.child(name).index(at), true));
    });
  if (props.not !== undefined) errors.push(...inside(props.not, path.child('not'), true));
  return errors;
}

/** The one combination that may name types: `anyOf: [{type: integer}, {type: string}]` beside x-kubernetes-int-or-string. */
function isIntOrStringPattern(
  props: JSONSchemaProps,
  name: 'allOf' | 'anyOf' | 'oneOf',
  part: JSONSchemaProps,
  at: number,
): boolean {
  if (props['x-kubernetes-int-or-string'] !== true) return false;
  if (name === 'anyOf' && props.anyOf?.length === 2)
    return Object.keys(part).length === 1 && part.type === (at === 0 ? 'integer' : 'string');
  const inner = part.anyOf;
  return (
    name === 'allOf' &&
    at === 0 &&
    inner?.length === 2 &&
    inner[0]?.type === 'integer' &&
    inner[1]?.type === 'string'
  );
}

/** Of the metadata a schema may restrict the name only. */
function metadataErrors(props: JSONSchemaProps, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (props.type !== undefined && props.type !== 'object')
    errors.push(invalidValue(path.child('type'), props.type, 'must be object'));
  for (const name of Object.keys(props.properties ?? {}))
    if (!metadataFields.includes(name))
      errors.push(
        forbiddenField(
          path,
          'must not specify anything other than name and generateName, but metadata is implicitly specified',
        ),
      );
  if (props.default !== undefined)
    errors.push(forbiddenField(path.child('default'), 'must not be set in top-level metadata'));
  return errors.slice(0, 1);
}
