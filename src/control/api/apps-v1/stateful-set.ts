import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, forbiddenField } from '../../machinery/field-path.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import { persistentVolumeClaimKind } from '../core-v1/persistent-volume-claim.js';
import {
  ageColumn,
  ageOf,
  column,
  containerCells,
  containerColumns,
  nameColumn,
  sameMeaning,
  setPodTemplateDefaults,
} from '../core-v1/pod-spec.js';
import type { StatefulSet, StatefulSetSpec } from '../gen/apps-v1.js';
import { appsKind } from './apps-kind.js';
import { checkStatefulSpec } from './stateful-set-spec.js';
import {
  checkCollisionCount,
  checkCounts,
  checkNoneAbove,
  prepareChangedWorkload,
  prepareNewWorkload,
  templateWarnings,
} from './workload.js';

const specPath = fieldPath('spec');
const statusPath = fieldPath('status');

function setDefaults(set: StatefulSet): void {
  set.spec ??= {};
  const { spec } = set;
  spec.podManagementPolicy ||= 'OrderedReady';
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.partition ??= 0;
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  setPodTemplateDefaults(spec.template);
  for (const claim of spec.volumeClaimTemplates ?? []) {
    if (claim.apiVersion !== 'v1') claim.apiVersion = 'v1';
    if (claim.kind !== 'PersistentVolumeClaim') claim.kind = 'PersistentVolumeClaim';
    claim.metadata ??= {};
    persistentVolumeClaimKind.setDefaults?.(claim);
  }
}

/** The fields of a spec that may change. */
const mutableFields = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const satisfies readonly (keyof StatefulSetSpec)[];

const immutableFieldsText =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

function withoutMutableFields(spec: StatefulSetSpec | undefined): StatefulSetSpec {
  const rest = { ...spec };
  for (const name of mutableFields) delete rest[name];
  return rest;
}

function validateUpdate(set: StatefulSet, old: StatefulSet): FieldError[] {
  const errors: FieldErrors = [];
  checkStatefulSpec(set.spec ?? {}, old.spec, specPath, errors);
  if (!sameMeaning(withoutMutableFields(set.spec), withoutMutableFields(old.spec))) {
    errors.push(forbiddenField(specPath, immutableFieldsText));
  }
  return errors;
}

function validateStatus({ status = {} }: StatefulSet, old: StatefulSet): FieldError[] {
  const errors: FieldErrors = [];
  const parts = [
    'readyReplicas',
    'currentReplicas',
    'updatedReplicas',
    'availableReplicas',
  ] as const;
  const counts = ['replicas', ...parts, 'observedGeneration', 'collisionCount'] as const;
  checkCounts(status, counts, statusPath, errors);
  const all = { count: status.replicas, detail: 'cannot be greater than status.replicas' };
  checkNoneAbove(status, parts, all, statusPath, errors);
  const ready = {
    count: status.readyReplicas,
    detail: 'cannot be greater than status.readyReplicas',
  };
  checkNoneAbove(status, ['availableReplicas'], ready, statusPath, errors);
  checkCollisionCount(status.collisionCount, old.status?.collisionCount, statusPath, errors);
  return errors;
}

function warnings(set: StatefulSet, old: StatefulSet | undefined): string[] {
  const limit = set.spec?.revisionHistoryLimit ?? 0;
  const isSame = old !== undefined && old.metadata.generation === set.metadata.generation;
  const text =
    'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';
  return [
    ...templateWarnings(set, old, specPath.child('template')),
    ...(limit < 0 && !isSame ? [text] : []),
  ];
}

/** The rules of StatefulSets. */
export const statefulSetKind = appsKind<StatefulSet>('StatefulSet', {
  nameRule: 'dns-label',
  setDefaults,
  prepareForCreate: prepareNewWorkload,
  validateCreate: ({ spec }) => {
    const errors: FieldErrors = [];
    checkStatefulSpec(spec ?? {}, undefined, specPath, errors);
    return errors;
  },
  prepareForUpdate: prepareChangedWorkload,
  validateUpdate,
  validateStatusUpdate: validateStatus,
  warnings,
  table: {
    columns: [
      nameColumn,
      column('Ready', 'How many of the desired pods are ready.'),
      ageColumn,
      ...containerColumns,
    ],
    cells: ({ metadata, spec, status }, nowMs) => [
      metadata.name ?? '',
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
      ageOf(metadata.creationTimestamp, nowMs),
      ...containerCells(spec?.template?.spec?.containers),
    ],
  },
});
