import { cloneJson } from '../../machinery/clone.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { immutableText, validateImmutable } from '../../machinery/immutable.js';
import { formatTime } from '../../machinery/time.js';
import type {
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeSpec,
  VolumeNodeAffinity,
} from '../gen/core-v1.js';
import { amountsOf, quantityOf, roundAmounts } from './amounts.js';
import { changeDiff } from './change-diff.js';
import { coreKind } from './core-kind.js';
import { checkDnsSubdomain, checkSupported, type FieldErrors, isUnset } from './field-checks.js';
import { nodeSelectorTermWarnings, successorOfLabel } from './node-labels.js';
import { isRootPath } from './paths.js';
import { checkNodeSelector, hasInvalidValue } from './pod/node-selector.js';
import { checkPositiveAmount } from './resource-rules.js';
import { restore } from './restore.js';
import { sameMeaning } from './semantic.js';
import { ageColumn, ageOf, column, nameColumn, wideColumn } from './table.js';
import {
  accessModesCell,
  classAnnotation,
  classAnnotationWarning,
  storageClassOf,
} from './volume-cells.js';
import { checkAccessModes, volumeModes } from './volumes/claim-spec.js';
import { checkPersistentSources, persistentSourceKinds } from './volumes/persistent-sources.js';

const specPath = fieldPath('spec');
const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];

function checkSpec(
  volume: PersistentVolume,
  old: PersistentVolume | undefined,
  errors: FieldErrors,
): void {
  const spec = volume.spec ?? {};
  if (!spec.accessModes?.length) errors.push(required(specPath.child('accessModes'), ''));
  checkAccessModes(spec.accessModes, specPath.child('accessModes'), errors);
  checkCapacity(spec, specPath.child('capacity'), errors);
  const policyPath = specPath.child('persistentVolumeReclaimPolicy');
  const policy = spec.persistentVolumeReclaimPolicy;
  if (!isUnset(policy)) checkSupported(policy, reclaimPolicies, policyPath, errors);
  if (spec.nodeAffinity) {
    checkNodeAffinity(
      spec.nodeAffinity,
      old?.spec?.nodeAffinity,
      specPath.child('nodeAffinity'),
      errors,
    );
  }
  checkPersistentSources(spec, volume.metadata.name ?? '', specPath, errors);
  if (spec.hostPath && policy === 'Recycle' && isRootPath(spec.hostPath.path ?? '')) {
    errors.push(forbiddenField(policyPath, "may not be 'recycle' for a hostPath mount of '/'"));
  }
  if (!isUnset(spec.storageClassName)) {
    checkDnsSubdomain(spec.storageClassName, specPath.child('storageClassName'), errors);
  }
  checkSupported(spec.volumeMode, volumeModes, specPath.child('volumeMode'), errors);
  checkAttributesClass(spec, errors);
}

function checkCapacity(spec: PersistentVolumeSpec, path: FieldPath, errors: FieldErrors): void {
  const names = Object.keys(spec.capacity ?? {});
  if (names.length === 0) errors.push(required(path, ''));
  if (names.length !== 1 || names[0] !== 'storage') {
    errors.push(notSupported(path, spec.capacity ?? null, ['storage']));
  }
  for (const [name, amount] of amountsOf(spec.capacity)) {
    if (amount.value() < 0n) {
      const text = 'must be a valid resource quantity';
      errors.push(invalidValue(path.key(name), Number(amount.value()), text));
    }
    checkPositiveAmount(amount, path.key(name), errors);
  }
}

function checkNodeAffinity(
  affinity: VolumeNodeAffinity,
  old: VolumeNodeAffinity | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const at = path.child('required');
  if (affinity.required === undefined) {
    errors.push(required(at, 'must specify required node constraints'));
    return;
  }
  const allowsInvalidValues = hasInvalidValue(old?.required);
  checkNodeSelector(affinity.required, { allowsInvalidValues }, at, errors);
}

function checkAttributesClass(spec: PersistentVolumeSpec, errors: FieldErrors): void {
  const name = spec.volumeAttributesClassName;
  if (name === undefined) return;
  const path = specPath.child('volumeAttributesClassName');
  if (name === '') errors.push(required(path, 'an empty string is disallowed'));
  else checkDnsSubdomain(name, path, errors);
  if (spec.csi === undefined) {
    const text = 'has to be specified when using volumeAttributesClassName';
    errors.push(required(specPath.child('csi'), text));
  }
}

function validateUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors: FieldErrors = [];
  checkSpec(volume, old, errors);
  const spec = volume.spec ?? {};
  const before = old.spec ?? {};
  const source = sourceOf(spec);
  if (before.csi && !before.csi.controllerExpandSecretRef)
    delete source.csi?.controllerExpandSecretRef;
  if (!sameMeaning(source, sourceOf(before))) {
    const text = `spec.persistentvolumesource is immutable after creation\n${changeDiff(sourceOf(before), source)}`;
    errors.push(forbiddenField(specPath.child('persistentvolumesource'), text));
  }
  errors.push(
    ...validateImmutable(
      spec.volumeMode ?? null,
      before.volumeMode ?? null,
      fieldPath('volumeMode'),
    ),
  );
  if (before.nodeAffinity && !isSameAffinity(spec.nodeAffinity, before.nodeAffinity)) {
    const text = `${immutableText}, except for updating from beta label to GA`;
    errors.push(invalidValue(fieldPath('nodeAffinity'), spec.nodeAffinity ?? null, text));
  }
  if (
    before.volumeAttributesClassName !== undefined &&
    spec.volumeAttributesClassName === undefined
  ) {
    const path = specPath.child('volumeAttributesClassName');
    errors.push(forbiddenField(path, 'update from non-nil value to nil is forbidden'));
  }
  return errors;
}

function sourceOf(spec: PersistentVolumeSpec): PersistentVolumeSpec {
  const fields: Readonly<Record<string, unknown>> = { ...spec };
  const kinds = persistentSourceKinds.filter((kind) => fields[kind] !== undefined);
  return cloneJson(
    Object.fromEntries(kinds.map((kind) => [kind, fields[kind]])),
  ) as PersistentVolumeSpec;
}

/** Labels may be changed to those that have replaced them. */
function isSameAffinity(
  affinity: VolumeNodeAffinity | undefined,
  old: VolumeNodeAffinity,
): boolean {
  const terms = affinity?.required?.nodeSelectorTerms ?? [];
  const before = old.required?.nodeSelectorTerms ?? [];
  if (affinity === undefined || terms.length !== before.length) return false;
  return terms.every((term, at) => isSameTerm(term, before[at] ?? {}));
}

function isSameTerm(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  return (['matchExpressions', 'matchFields'] as const).every((list) => {
    const after = term[list] ?? [];
    const before = old[list] ?? [];
    if (after.length !== before.length) return false;
    return after.every((requirement, at) => {
      const was = before[at] ?? {};
      const isRenamed = successorOfLabel(was.key ?? '') === requirement.key;
      return sameMeaning(requirement, isRenamed ? { ...was, key: requirement.key } : was);
    });
  });
}

const deprecatedSources: readonly (readonly [kind: keyof PersistentVolumeSpec, warning: string])[] =
  [
    ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
    ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
    ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
    ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
    ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
    ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
  ];

function warnings({ metadata, spec = {} }: PersistentVolume): string[] {
  const found: string[] = [];
  if (metadata.annotations?.[classAnnotation] !== undefined) found.push(classAnnotationWarning);
  const mountOptions = 'volume.beta.kubernetes.io/mount-options';
  if (metadata.annotations?.[mountOptions] !== undefined) {
    const text = 'deprecated since v1.31; use "mountOptions" attribute instead';
    found.push(`metadata.annotations[${mountOptions}]: ${text}`);
  }
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const text =
      'The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.';
    found.push(`${specPath.child('persistentVolumeReclaimPolicy')}: ${text}`);
  }
  spec.nodeAffinity?.required?.nodeSelectorTerms?.forEach((term, at) => {
    const path = specPath.child('nodeAffinity', 'required', 'nodeSelectorTerms').index(at);
    found.push(...nodeSelectorTermWarnings(term, path));
  });
  for (const [kind, warning] of deprecatedSources) {
    if (spec[kind] !== undefined) found.push(`${specPath.child(kind)}: ${warning}`);
  }
  return found;
}

/** The rules of PersistentVolumes. */
export const persistentVolumeKind = coreKind<PersistentVolume>('PersistentVolume', {
  setDefaults: (volume) => {
    volume.spec ??= {};
    volume.spec.persistentVolumeReclaimPolicy ||= 'Retain';
    volume.spec.volumeMode ??= 'Filesystem';
    roundAmounts(volume.spec.capacity);
    if (volume.spec.hostPath) volume.spec.hostPath.type ??= '';
    volume.status ??= {};
    volume.status.phase ||= 'Pending';
  },
  prepareForCreate: (volume, { nowMs }) => {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: formatTime(nowMs) };
  },
  validateCreate: (volume) => {
    const errors: FieldErrors = [];
    checkSpec(volume, undefined, errors);
    return errors;
  },
  prepareForUpdate: (volume, old) => {
    restore(volume, old, 'status');
  },
  validateUpdate,
  prepareForStatusUpdate: (volume, old, { nowMs }) => {
    restore(volume, old, 'spec');
    volume.status ??= {};
    const { status } = volume;
    const before = old.status?.lastPhaseTransitionTime;
    if (status.phase === old.status?.phase) {
      if (before !== undefined) status.lastPhaseTransitionTime ??= before;
    } else if ((status.lastPhaseTransitionTime ?? before) === before) {
      status.lastPhaseTransitionTime = formatTime(nowMs);
    }
  },
  warnings,
  countsGeneration: false,
  table: {
    columns: [
      nameColumn,
      column('Capacity', 'How many bytes the volume has.'),
      column('Access Modes', 'How the volume can be mounted.'),
      column('Reclaim Policy', 'What becomes of the volume when its claim is gone.'),
      column('Status', 'Whether the volume is bound.'),
      column('Claim', 'The claim that it is bound to.'),
      column('StorageClass', 'The class of the volume.'),
      column('VolumeAttributesClass', 'The class of the attributes of the volume.'),
      column('Reason', 'A word for why the volume has failed.'),
      ageColumn,
      wideColumn('VolumeMode', 'Whether there is a file system on the volume.'),
    ],
    cells: (volume, nowMs) => {
      const { metadata, spec = {}, status } = volume;
      const claim = spec.claimRef && `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`;
      const isDeleted = metadata.deletionTimestamp !== undefined;
      return [
        metadata.name ?? '',
        quantityOf(spec.capacity?.storage).toString(),
        accessModesCell(spec.accessModes),
        spec.persistentVolumeReclaimPolicy ?? '',
        isDeleted ? 'Terminating' : (status?.phase ?? ''),
        claim ?? '',
        storageClassOf(volume),
        spec.volumeAttributesClassName ?? '<unset>',
        status?.reason ?? '',
        ageOf(metadata.creationTimestamp, nowMs),
        spec.volumeMode ?? '<unset>',
      ];
    },
  },
});
