import { cloneJson } from '../../machinery/clone.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { immutableText, validateImmutable } from '../../machinery/immutable.js';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../gen/core-v1.js';
import { amountsOf, isFractional, quantityOf, roundRequirements } from './amounts.js';
import { changeDiff } from './change-diff.js';
import { coreKind } from './core-kind.js';
import { checkQualifiedName, type FieldErrors } from './field-checks.js';
import { isNativeName } from './resource-names.js';
import { checkAmount } from './resource-rules.js';
import { restore } from './restore.js';
import { sameMeaning } from './semantic.js';
import { ageColumn, ageOf, column, nameColumn, wideColumn } from './table.js';
import {
  accessModesCell,
  classAnnotation,
  classAnnotationWarning,
  storageClassOf,
} from './volume-cells.js';
import { checkClaimSpec } from './volumes/claim-spec.js';
import { dropDataSources, unifyDataSources } from './volumes/data-sources.js';

type Claim = PersistentVolumeClaim;
const specPath = fieldPath('spec');

function validateCreate({ spec }: Claim): FieldError[] {
  const errors: FieldErrors = [];
  checkClaimSpec(spec ?? {}, { allowsInvalidApiGroup: false }, specPath, errors);
  return errors;
}

function validateUpdate(claim: Claim, old: Claim): FieldError[] {
  const errors: FieldErrors = [];
  const spec = claim.spec ?? {};
  const before = old.spec ?? {};
  const allowsInvalidApiGroup =
    before.dataSource?.apiGroup !== undefined || before.dataSourceRef?.apiGroup !== undefined;
  checkClaimSpec(spec, { allowsInvalidApiGroup }, specPath, errors);
  checkUnchanged(claim, old, errors);
  checkSize(claim, old, errors);
  const mode = fieldPath('volumeMode');
  errors.push(...validateImmutable(spec.volumeMode ?? null, before.volumeMode ?? null, mode));
  checkAttributesClass(claim, old, errors);
  return errors;
}

/** What a claim asks for stays, but for its size, the volume that it gets, and the class when it had none. */
function checkUnchanged(claim: Claim, old: Claim, errors: FieldErrors): void {
  const spec: PersistentVolumeClaimSpec = cloneJson(claim.spec ?? {});
  const before: PersistentVolumeClaimSpec = cloneJson(old.spec ?? {});
  if (!before.volumeName) take(before, spec, 'volumeName');
  const annotation = old.metadata.annotations?.[classAnnotation];
  const after = claim.metadata.annotations?.[classAnnotation];
  const isFirst = before.storageClassName === undefined && spec.storageClassName !== undefined;
  const isMoved =
    isFirst && spec.storageClassName === annotation && (after ?? annotation) === annotation;
  if (!isMoved && after !== annotation) {
    const path = fieldPath('metadata', 'annotations', classAnnotation);
    errors.push(invalidValue(path, after ?? '', immutableText));
  }
  if (isMoved || (isFirst && annotation === undefined)) delete spec.storageClassName;
  if (claim.status?.phase === 'Bound') {
    const size = before.resources?.requests?.storage;
    if (spec.resources?.requests && size !== undefined) spec.resources.requests.storage = size;
    take(spec, before, 'volumeAttributesClassName');
  }
  if (sameMeaning(spec, before)) return;
  const text = `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${changeDiff(before, spec)}`;
  errors.push(forbiddenField(specPath, text));
}

function take<K extends keyof PersistentVolumeClaimSpec>(
  spec: PersistentVolumeClaimSpec,
  from: PersistentVolumeClaimSpec,
  name: K,
): void {
  const value = from[name];
  if (value === undefined) delete spec[name];
  else spec[name] = value;
}

/** A size that could not be had may be taken back, but not below what the volume has. */
function checkSize({ spec }: Claim, old: Claim, errors: FieldErrors): void {
  const size = quantityOf(spec?.resources?.requests?.storage);
  const before = quantityOf(old.spec?.resources?.requests?.storage);
  if (size.compare(before) >= 0) return;
  if (size.compare(quantityOf(old.status?.capacity?.storage)) > 0) return;
  const path = specPath.child('resources', 'requests', 'storage');
  errors.push(forbiddenField(path, 'field can not be less than status.capacity'));
}

function checkAttributesClass({ spec }: Claim, old: Claim, errors: FieldErrors): void {
  const name = spec?.volumeAttributesClassName;
  if (name === old.spec?.volumeAttributesClassName || name) return;
  if (old.status?.currentVolumeAttributesClassName === undefined) return;
  const what = name === undefined ? 'nil' : 'empty string';
  const text = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  errors.push(forbiddenField(specPath.child('volumeAttributesClassName'), text));
}

const resizeStatuses = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort();

function validateStatusUpdate({ spec, status = {} }: Claim): FieldError[] {
  const errors: FieldErrors = [];
  if (!spec?.accessModes?.length) errors.push(required(fieldPath('Spec', 'accessModes'), ''));
  checkQuantities(status.capacity, 'capacity', errors);
  const path = fieldPath('status', 'allocatedResourceStatuses');
  for (const [name, value] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    checkResourceKey(name, 'allocatedResourceStatuses', errors);
    if (!resizeStatuses.includes(value)) errors.push(notSupported(path, name, resizeStatuses));
  }
  for (const [name, amount] of amountsOf(status.allocatedResources)) {
    const count = errors.length;
    checkResourceKey(name, 'allocatedResources', errors);
    if (errors.length > count) continue;
    checkQuantities({ [name]: amount.toString() }, 'allocatedResources', errors);
    if (errors.length > count) continue;
    checkAmount('storage', amount, fieldPath('status', 'allocatedResources').key(name), errors);
  }
  return errors;
}

function checkQuantities(
  list: Readonly<Record<string, string>> | undefined,
  field: string,
  errors: FieldErrors,
): void {
  for (const [name, amount] of amountsOf(list)) {
    if (amount.value() >= 0n) continue;
    const path = fieldPath('status', field).key(name);
    errors.push(invalidValue(path, Number(amount.value()), 'must be a valid resource quantity'));
  }
}

function checkResourceKey(name: string, field: string, errors: FieldErrors): void {
  const path = fieldPath('status', field);
  const count = errors.length;
  checkQualifiedName(name, path, errors);
  if (errors.length > count || !isNativeName(name) || name === 'storage') return;
  errors.push(notSupported(path, name, ['storage']));
}

function warnings({ metadata, spec }: Claim): string[] {
  const found: string[] = [];
  if (metadata.annotations?.[classAnnotation] !== undefined) found.push(classAnnotationWarning);
  for (const kind of ['requests', 'limits'] as const) {
    const amount = quantityOf(spec?.resources?.[kind]?.storage);
    if (!isFractional(amount)) continue;
    const path = specPath.child('resources', kind).key('storage');
    found.push(`${path}: fractional byte value "${amount}" is invalid, must be an integer`);
  }
  return found;
}

/** The rules of PersistentVolumeClaims. */
export const persistentVolumeClaimKind = coreKind<Claim>('PersistentVolumeClaim', {
  setDefaults: (claim) => {
    claim.spec ??= {};
    claim.spec.volumeMode ??= 'Filesystem';
    roundRequirements(claim.spec.resources);
    claim.status ??= {};
    claim.status.phase ||= 'Pending';
  },
  prepareForCreate: (claim) => {
    claim.status = { phase: 'Pending' };
    claim.spec ??= {};
    dropDataSources(claim.spec, undefined);
    unifyDataSources(claim.spec);
  },
  validateCreate,
  prepareForUpdate: (claim, old) => {
    restore(claim, old, 'status');
    if (claim.spec) dropDataSources(claim.spec, old.spec);
  },
  validateUpdate,
  prepareForStatusUpdate: (claim, old) => {
    restore(claim, old, 'spec');
  },
  validateStatusUpdate,
  warnings,
  countsGeneration: false,
  table: {
    columns: [
      nameColumn,
      column('Status', 'Whether the claim has a volume.'),
      column('Volume', 'The volume that the claim has.'),
      column('Capacity', 'How many bytes the volume has.'),
      column('Access Modes', 'How the volume can be mounted.'),
      column('StorageClass', 'The class of volumes that the claim is for.'),
      column('VolumeAttributesClass', 'The class of the attributes of the volume.'),
      ageColumn,
      wideColumn('VolumeMode', 'Whether there is a file system on the volume.'),
    ],
    cells: (claim, nowMs) => {
      const { metadata, spec = {}, status } = claim;
      const isBound = Boolean(spec.volumeName);
      return [
        metadata.name ?? '',
        metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating',
        spec.volumeName ?? '',
        isBound ? quantityOf(status?.capacity?.storage).toString() : '',
        isBound ? accessModesCell(status?.accessModes) : '',
        storageClassOf(claim),
        spec.volumeAttributesClassName ?? '<unset>',
        ageOf(metadata.creationTimestamp, nowMs),
        spec.volumeMode ?? '<unset>',
      ];
    },
  },
});
