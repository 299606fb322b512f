import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
  tooMany,
} from '../../machinery/field-path.js';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
  JSONSchemaProps,
  SelectableField,
} from '../gen/apiextensions-v1.js';
import { parseJsonPath } from './json-path.js';
import { validateSchema } from './validate-schema.js';

const columnTypes: readonly string[] = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats: readonly string[] = [
  'byte',
  'date',
  'date-time',
  'double',
  'float',
  'int32',
  'int64',
  'password',
];
const selectableFieldsMax = 8;

/** What is wrong with one version of a CustomResourceDefinition, beyond its name. */
export function versionErrors(
  version: CustomResourceDefinitionVersion,
  path: FieldPath,
): FieldError[] {
  const schema = version.schema?.openAPIV3Schema;
  const schemaPath = path.child('schema', 'openAPIV3Schema');
  const errors: FieldError[] =
    schema === undefined
      ? [required(schemaPath, 'schemas are required')]
      : validateSchema(schema, schemaPath);
  const scale = version.subresources?.scale;
  if (scale !== undefined) errors.push(...scaleErrors(scale, path.child('subresources', 'scale')));
  (version.additionalPrinterColumns ?? []).forEach((column, at) => {
    errors.push(...columnErrors(column, path.child('additionalPrinterColumns').index(at)));
  });
  errors.push(
    ...selectableErrors(version.selectableFields ?? [], schema, path.child('selectableFields')),
  );
  if (version.deprecationWarning !== undefined) {
    const warningPath = path.child('deprecationWarning');
    if (version.deprecated !== true)
      errors.push(
        invalidValue(
          warningPath,
          version.deprecationWarning,
          'can only be set for deprecated versions',
        ),
      );
    else if (version.deprecationWarning === '')
      errors.push(invalidValue(warningPath, '', 'must not be an empty string'));
    else if (version.deprecationWarning.length > 256)
      errors.push(
        invalidValue(
          warningPath,
          version.deprecationWarning,
          'must be <= 256 UTF-8 characters in length',
        ),
      );
  }
  return errors;
}

function scaleErrors(scale: CustomResourceSubresourceScale, path: FieldPath): FieldError[] {
  const rules = [
    ['specReplicasPath', ['.spec.'], true],
    ['statusReplicasPath', ['.status.'], true],
    ['labelSelectorPath', ['.spec.', '.status.'], false],
  ] as const;
  return rules.flatMap(([name, starts, isRequired]) => {
    const value = scale[name] ?? '';
    const at = path.child(name);
    if (value === '') return isRequired ? [required(at, '')] : [];
    if (!isSimplePath(value))
      return [invalidValue(at, value, 'is an invalid path: it must be made of field names')];
    if (starts.some((start) => value.startsWith(start))) return [];
    const where = starts.map((start) => start.slice(0, -1)).join(' or ');
    return [invalidValue(at, value, `should be a json path under ${where}`)];
  });
}

function columnErrors(column: CustomResourceColumnDefinition, path: FieldPath): FieldError[] {
  const { name = '', type = '', format = '', jsonPath = '' } = column;
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(path.child('name'), ''));
  if (type === '')
    errors.push(required(path.child('type'), `must be one of ${columnTypes.join(',')}`));
  else if (!columnTypes.includes(type))
    errors.push(invalidValue(path.child('type'), type, `must be one of ${columnTypes.join(',')}`));
  if (format !== '' && !columnFormats.includes(format))
    errors.push(
      invalidValue(path.child('format'), format, `must be one of ${columnFormats.join(',')}`),
    );
  if (jsonPath === '') errors.push(required(path.child('jsonPath'), ''));
  else if (!jsonPath.startsWith('.') && !jsonPath.startsWith('['))
    errors.push(
      invalidValue(path.child('jsonPath'), jsonPath, 'must be a simple json path starting with .'),
    );
  else if (!isPath(jsonPath))
    errors.push(invalidValue(path.child('jsonPath'), jsonPath, 'is an invalid path'));
  return errors;
}

function selectableErrors(
  fields: readonly SelectableField[],
  schema: JSONSchemaProps | undefined,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  if (fields.length > selectableFieldsMax)
    errors.push(tooMany(path, fields.length, selectableFieldsMax));
  const seen = new Set<string>();
  fields.forEach(({ jsonPath = '' }, at) => {
    const own = path.index(at).child('jsonPath');
    if (jsonPath === '') errors.push(required(own, ''));
    else if (!isSimplePath(jsonPath))
      errors.push(
        invalidValue(own, jsonPath, 'is an invalid path: it must be made of field names'),
      );
    else if (jsonPath.startsWith('.metadata.'))
      errors.push(forbiddenField(own, 'must not point to fields in metadata'));
    else {
      const type = schema && leafOf(schema, parseJsonPath(jsonPath).fieldNames ?? []);
      if (type === undefined)
        errors.push(
          invalidValue(own, jsonPath, `is an invalid path: does not refer to a valid field`),
        );
      else if (!['string', 'integer', 'boolean'].includes(type))
        errors.push(
          invalidValue(
            own,
            jsonPath,
            'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
          ),
        );
    }
    if (seen.has(jsonPath)) errors.push(duplicate(own, jsonPath));
    seen.add(jsonPath);
  });
  return errors;
}

function leafOf(schema: JSONSchemaProps, names: readonly string[]): string | undefined {
  let at: JSONSchemaProps | undefined = schema;
  for (const name of names) at = at?.properties?.[name];
  return at && (at.type ?? '');
}

function isPath(text: string): boolean {
  try {
    parseJsonPath(text);
    return true;
  } catch {
    return false;
  }
}

function isSimplePath(text: string): boolean {
  return text.startsWith('.') && isPath(text) && parseJsonPath(text).fieldNames !== null;
}
