import { semanticEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { validateLabelKey } from '../../machinery/labels.js';
import { checkSupported, type FieldErrors, isUnset } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { TopologySelectorTerm } from '../gen/core-v1.js';
import type { StorageClass } from '../gen/storage-v1.js';
import { checkParameters, checkProvisioner } from './parameters.js';
import { storageKind } from './storage-kind.js';

const reclaimPolicies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];
/** Either makes a class the one of claims that name none. */
const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

function validate(storageClass: StorageClass): FieldError[] {
  const errors: FieldErrors = [];
  const { provisioner, parameters, reclaimPolicy, volumeBindingMode: mode } = storageClass;
  checkProvisioner(provisioner, fieldPath('provisioner'), errors);
  checkParameters(parameters, fieldPath('parameters'), errors);
  if (!isUnset(reclaimPolicy)) {
    checkSupported(reclaimPolicy, reclaimPolicies, fieldPath('reclaimPolicy'), errors);
  }
  const modePath = fieldPath('volumeBindingMode');
  if (mode === undefined) errors.push(required(modePath, ''));
  else if (!bindingModes.includes(mode)) errors.push(notSupported(modePath, mode, bindingModes));
  checkTopologies(storageClass.allowedTopologies ?? [], fieldPath('allowedTopologies'), errors);
  return errors;
}

/** Where volumes may be: no two terms say the same. */
function checkTopologies(
  terms: readonly TopologySelectorTerm[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const meanings = terms.map((term, at) => checkTopologyTerm(term, path.index(at), errors));
  meanings.forEach((meaning, at) => {
    const isRepeated = meanings.slice(0, at).some((other) => semanticEqual(other, meaning));
    if (!isRepeated) return;
    errors.push(duplicate(path.index(at).child('matchLabelExpressions'), ''));
  });
}

/** What the term means: sorted values by key. */
function checkTopologyTerm(
  { matchLabelExpressions }: TopologySelectorTerm,
  path: FieldPath,
  errors: FieldErrors,
): Record<string, readonly string[]> {
  const meaning = new Map<string, readonly string[]>();
  const expressionsPath = path.child('matchLabelExpressions');
  if (!matchLabelExpressions?.length) errors.push(required(expressionsPath, ''));
  matchLabelExpressions?.forEach(({ key = '', values = [] }, at) => {
    const entry = expressionsPath.index(at);
    const valuesPath = entry.child('values');
    if (values.length === 0) errors.push(required(valuesPath, ''));
    values.forEach((value, valueAt) => {
      if (values.indexOf(value) < valueAt) errors.push(duplicate(valuesPath.index(valueAt), value));
    });
    errors.push(...validateLabelKey(key, entry.child('key')));
    if (meaning.has(key)) errors.push(duplicate(entry.child('key'), key));
    meaning.set(key, [...new Set(values)].sort());
  });
  return Object.fromEntries(meaning);
}

function validateUpdate(storageClass: StorageClass, old: StorageClass): FieldError[] {
  const errors: FieldErrors = [];
  const refuse = (name: 'parameters' | 'provisioner' | 'reclaimPolicy'): void => {
    if (semanticEqual(storageClass[name], old[name])) return;
    errors.push(forbiddenField(fieldPath(name), `updates to ${name} are forbidden.`));
  };
  refuse('parameters');
  refuse('provisioner');
  refuse('reclaimPolicy');
  const mode = storageClass.volumeBindingMode ?? '';
  const modePath = fieldPath('volumeBindingMode');
  return [...errors, ...validateImmutable(mode, old.volumeBindingMode ?? '', modePath)];
}

function isDefault({ metadata }: StorageClass): boolean {
  return defaultAnnotations.some((name) => metadata.annotations?.[name] === 'true');
}

/** The rules of StorageClasses. */
export const storageClassKind = storageKind<StorageClass>('StorageClass', {
  countsGeneration: false,
  setDefaults: (storageClass) => {
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
  validateCreate: validate,
  validateUpdate,
  table: {
    columns: [
      nameColumn,
      column('Provisioner', 'Who makes the volumes.'),
      column('ReclaimPolicy', 'What becomes of a volume that is not claimed any more.'),
      column('VolumeBindingMode', 'When volumes are made.'),
      column('AllowVolumeExpansion', 'Whether volumes can be made larger.'),
      ageColumn,
    ],
    cells: (storageClass, nowMs) => [
      `${storageClass.metadata.name ?? ''}${isDefault(storageClass) ? ' (default)' : ''}`,
      storageClass.provisioner ?? '',
      storageClass.reclaimPolicy ?? 'Delete',
      storageClass.volumeBindingMode ?? '<unset>',
      storageClass.allowVolumeExpansion ?? false,
      ageOf(storageClass.metadata.creationTimestamp, nowMs),
    ],
  },
});
