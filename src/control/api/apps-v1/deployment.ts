import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { checkNonNegative, type FieldErrors } from '../core-v1/field-checks.js';
import {
  ageColumn,
  ageOf,
  column,
  containerCells,
  containerColumns,
  nameColumn,
  setPodTemplateDefaults,
  wideColumn,
} from '../core-v1/pod-spec.js';
import { restore } from '../core-v1/restore.js';
import type {
  Deployment,
  DeploymentSpec,
  DeploymentStrategy,
  RollingUpdateDeployment,
} from '../gen/apps-v1.js';
import { appsKind } from './apps-kind.js';
import { amountOf, checkAtMost100Percent, checkIntOrPercent } from './int-or-percent.js';
import { checkReplicatedTemplate } from './replica-set.js';
import { checkSelector, emptySelectorText } from './selected-template.js';
import { selectorCell } from './selector-cell.js';
import {
  checkCollisionCount,
  checkCounts,
  checkNoneAbove,
  countAnnotations,
  nameWarnings,
  prepareChangedWorkload,
  prepareNewWorkload,
  templateWarnings,
} from './workload.js';

const specPath = fieldPath('spec');
const statusPath = fieldPath('status');
const defaultShare = '25%';

function setDefaults(deployment: Deployment): void {
  deployment.spec ??= {};
  const { spec } = deployment;
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ||= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= defaultShare;
    spec.strategy.rollingUpdate.maxSurge ??= defaultShare;
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  setPodTemplateDefaults(spec.template);
}

function checkSpec(
  spec: DeploymentSpec,
  old: DeploymentSpec | undefined,
  errors: FieldErrors,
): void {
  checkNonNegative(spec.replicas, specPath.child('replicas'), errors);
  checkSelector(spec.selector, emptySelectorText('deployment'), specPath.child('selector'), errors);
  checkReplicatedTemplate(spec, old, specPath, errors);
  checkStrategy(spec.strategy ?? {}, specPath.child('strategy'), errors);
  checkNonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), errors);
  checkNonNegative(spec.revisionHistoryLimit, specPath.child('revisionHistoryLimit'), errors);
  const deadline = spec.progressDeadlineSeconds;
  if (deadline === undefined) return;
  const path = specPath.child('progressDeadlineSeconds');
  checkNonNegative(deadline, path, errors);
  if (deadline > (spec.minReadySeconds ?? 0)) return;
  errors.push(invalidValue(path, deadline, 'must be greater than minReadySeconds'));
}

function checkStrategy(strategy: DeploymentStrategy, path: FieldPath, errors: FieldErrors): void {
  const { type = '', rollingUpdate } = strategy;
  const rollingPath = path.child('rollingUpdate');
  if (type === 'RollingUpdate') {
    if (rollingUpdate) checkRollingUpdate(rollingUpdate, rollingPath, errors);
    else errors.push(required(rollingPath, 'this should be defaulted and never be nil'));
  } else if (type === 'Recreate') {
    if (!rollingUpdate) return;
    const text = "may not be specified when strategy `type` is 'Recreate'";
    errors.push(forbiddenField(rollingPath, text));
  } else {
    const shown = { Type: type, RollingUpdate: shownRollingUpdate(rollingUpdate) };
    errors.push(notSupported(path, shown, ['Recreate', 'RollingUpdate']));
  }
}

/** A structure is shown with the names that its fields have inside the server. */
function shownRollingUpdate(update: RollingUpdateDeployment | undefined): object | null {
  if (!update) return null;
  return { MaxUnavailable: update.maxUnavailable ?? 0, MaxSurge: update.maxSurge ?? 0 };
}

function checkRollingUpdate(
  { maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDeployment,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const unavailablePath = path.child('maxUnavailable');
  checkIntOrPercent(maxUnavailable, unavailablePath, errors);
  checkIntOrPercent(maxSurge, path.child('maxSurge'), errors);
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    const text = 'may not be 0 when `maxSurge` is 0';
    errors.push(invalidValue(unavailablePath, maxUnavailable, text));
  }
  checkAtMost100Percent(maxUnavailable, unavailablePath, errors);
}

function validateStatus({ status = {} }: Deployment, old: Deployment): FieldError[] {
  const errors: FieldErrors = [];
  const counts = [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'terminatingReplicas',
    'collisionCount',
  ] as const;
  checkCounts(status, counts, statusPath, errors);
  const all = { count: status.replicas, detail: 'cannot be greater than status.replicas' };
  const parts = ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const;
  checkNoneAbove(status, parts, all, statusPath, errors);
  const ready = { count: status.readyReplicas, detail: 'cannot be greater than readyReplicas' };
  checkNoneAbove(status, ['availableReplicas'], ready, statusPath, errors);
  checkCollisionCount(status.collisionCount, old.status?.collisionCount, statusPath, errors);
  return errors;
}

/** The rules of Deployments. */
export const deploymentKind = appsKind<Deployment>('Deployment', {
  setDefaults,
  prepareForCreate: prepareNewWorkload,
  validateCreate: ({ spec }) => {
    const errors: FieldErrors = [];
    checkSpec(spec ?? {}, undefined, errors);
    return errors;
  },
  prepareForUpdate: (deployment, old) => {
    prepareChangedWorkload(deployment, old);
    countAnnotations(deployment, old);
  },
  validateUpdate: ({ spec }, old) => {
    const errors: FieldErrors = [];
    checkSpec(spec ?? {}, old.spec, errors);
    const path = specPath.child('selector');
    errors.push(...validateImmutable(spec?.selector, old.spec?.selector, path));
    return errors;
  },
  prepareForStatusUpdate: (deployment, old) => {
    restore(deployment, old, 'spec');
    restore(deployment.metadata, old.metadata, 'labels');
  },
  validateStatusUpdate: validateStatus,
  warnings: (deployment, old) => [
    ...nameWarnings(deployment, old),
    ...templateWarnings(deployment, old, specPath.child('template')),
  ],
  table: {
    columns: [
      nameColumn,
      column('Ready', 'How many of the desired pods are ready.'),
      column('Up-to-date', 'How many pods are as the template says.', { type: 'string' }),
      column('Available', 'How many pods have been ready for long enough.', { type: 'string' }),
      ageColumn,
      ...containerColumns,
      wideColumn('Selector', 'The labels of the pods.'),
    ],
    cells: ({ metadata, spec, status }, nowMs) => [
      metadata.name ?? '',
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
      status?.updatedReplicas ?? 0,
      status?.availableReplicas ?? 0,
      ageOf(metadata.creationTimestamp, nowMs),
      ...containerCells(spec?.template?.spec?.containers),
      selectorCell(spec?.selector),
    ],
  },
});
