import { semanticEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, forbiddenField, required } from '../../machinery/field-path.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { VolumeAttributesClass } from '../gen/storage-v1.js';
import { checkParameters, checkProvisioner } from './parameters.js';
import { storageKind } from './storage-kind.js';

function validate({ driverName, parameters }: VolumeAttributesClass): FieldError[] {
  const errors: FieldErrors = [];
  const path = fieldPath('parameters');
  checkProvisioner(driverName, fieldPath('driverName'), errors);
  checkParameters(parameters, path, errors);
  if (Object.keys(parameters ?? {}).length === 0) {
    errors.push(required(path, 'must contain at least one key/value pair'));
  }
  return errors;
}

function validateUpdate(
  attributesClass: VolumeAttributesClass,
  old: VolumeAttributesClass,
): FieldError[] {
  const changed = (['driverName', 'parameters'] as const).flatMap((name) =>
    semanticEqual(attributesClass[name], old[name])
      ? []
      : [forbiddenField(fieldPath(name), `updates to ${name} are forbidden.`)],
  );
  return [...changed, ...validate(attributesClass)];
}

/** The rules of VolumeAttributesClasses. */
export const volumeAttributesClassKind = storageKind<VolumeAttributesClass>(
  'VolumeAttributesClass',
  {
    countsGeneration: false,
    validateCreate: validate,
    validateUpdate,
    table: {
      columns: [nameColumn, column('DriverName', 'Whose volumes have the attributes.'), ageColumn],
      cells: ({ metadata, driverName }, nowMs) => [
        metadata.name ?? '',
        driverName ?? '',
        ageOf(metadata.creationTimestamp, nowMs),
      ],
    },
  },
);
