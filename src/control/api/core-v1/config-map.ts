import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  tooLong,
} from '../../machinery/field-path.js';
import { configMapKeyProblems } from '../../machinery/names.js';
import { utf8Length } from '../../machinery/quote.js';
import type { ConfigMap } from '../gen/core-v1.js';
import { coreKind } from './core-kind.js';
import { addProblems, type FieldErrors } from './field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from './table.js';

/** How many bytes the data of a ConfigMap or a Secret may have together. */
export const dataSizeMax = 1024 * 1024;

/** How many bytes base64 stands for. */
export function decodedLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return Math.floor((base64.length * 3) / 4) - padding;
}

/** Keys are names of files. */
export function checkDataKeys(
  data: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const key of Object.keys(data ?? {}).sort()) {
    addProblems(configMapKeyProblems(key), path.key(key), key, errors);
  }
}

/** An object that was made immutable stays so, and so does what it holds. */
export function checkStaysImmutable<T extends { readonly immutable?: boolean }>(
  object: T,
  old: T,
  fields: readonly (keyof T & string)[],
  errors: FieldErrors,
): void {
  if (!old.immutable) return;
  const text = 'field is immutable when `immutable` is set';
  if (!object.immutable) errors.push(forbiddenField(fieldPath('immutable'), text));
  for (const field of fields) {
    const [value, before] = [object[field] ?? {}, old[field] ?? {}];
    if (!deepEqual(value, before)) errors.push(forbiddenField(fieldPath(field), text));
  }
}

function checkConfigMap({ data = {}, binaryData = {} }: ConfigMap, errors: FieldErrors): void {
  const dataPath = fieldPath('data');
  for (const key of Object.keys(data).sort()) {
    addProblems(configMapKeyProblems(key), dataPath.key(key), key, errors);
    if (Object.hasOwn(binaryData, key)) {
      errors.push(invalidValue(dataPath.key(key), key, 'duplicate of key present in binaryData'));
    }
  }
  checkDataKeys(binaryData, fieldPath('binaryData'), errors);
  const size =
    Object.values(data).reduce((sum, value) => sum + utf8Length(value), 0) +
    Object.values(binaryData).reduce((sum, value) => sum + decodedLength(value), 0);
  if (size > dataSizeMax) errors.push(tooLong(fieldPath(''), '', dataSizeMax));
}

/** The rules of ConfigMaps. */
export const configMapKind = coreKind<ConfigMap>('ConfigMap', {
  validateCreate: (object) => {
    const errors: FieldError[] = [];
    checkConfigMap(object, errors);
    return errors;
  },
  validateUpdate: (object, old) => {
    const errors: FieldError[] = [];
    checkStaysImmutable(object, old, ['data', 'binaryData'], errors);
    checkConfigMap(object, errors);
    return errors;
  },
  countsGeneration: false,
  table: {
    columns: [nameColumn, column('Data', 'How many entries there are.'), ageColumn],
    cells: ({ metadata, data, binaryData }, nowMs) => [
      metadata.name ?? '',
      Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
