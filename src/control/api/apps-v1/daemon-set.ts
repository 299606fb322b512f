import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { validateLabelSelector } from '../../machinery/label-selector.js';
import { checkNonNegative, type FieldErrors } from '../core-v1/field-checks.js';
import {
  ageColumn,
  ageOf,
  column,
  containerCells,
  containerColumns,
  labelsCell,
  nameColumn,
  sameMeaning,
  setPodTemplateDefaults,
  validatePodTemplateSpec,
  wideColumn,
} from '../core-v1/pod-spec.js';
import type {
  DaemonSet,
  DaemonSetSpec,
  DaemonSetUpdateStrategy,
  RollingUpdateDaemonSet,
} from '../gen/apps-v1.js';
import { appsKind } from './apps-kind.js';
import { amountOf, checkAtMost100Percent, checkIntOrPercent } from './int-or-percent.js';
import {
  checkRunsForever,
  checkTemplateIsSelected,
  emptySelectorText,
  isEmptySelector,
  usableSelector,
} from './selected-template.js';
import { selectorCell } from './selector-cell.js';
import {
  checkCollisionCount,
  checkCounts,
  prepareChangedWorkload,
  prepareNewWorkload,
  templateWarnings,
} from './workload.js';

const specPath = fieldPath('spec');
const statusPath = fieldPath('status');

/** Counts the templates that there were; a field of the spec, before apps/v1. */
const templateGenerationKey = 'deprecated.daemonset.template.generation';

function setDefaults(set: DaemonSet): void {
  set.spec ??= {};
  const { spec } = set;
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  setPodTemplateDefaults(spec.template);
}

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations ??= {};
  metadata.annotations[templateGenerationKey] = String(generation);
}

function templateGenerationOf({ metadata }: DaemonSet): number {
  const text = metadata.annotations?.[templateGenerationKey] ?? '';
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : 0;
}

function checkSpec(spec: DaemonSetSpec, old: DaemonSetSpec | undefined, errors: FieldErrors): void {
  const templatePath = specPath.child('template');
  const selectorPath = specPath.child('selector');
  errors.push(...validateLabelSelector(spec.selector, selectorPath));
  const selector = usableSelector(spec.selector);
  if (selector) checkTemplateIsSelected(selector, spec.template, templatePath, errors);
  if (spec.selector && isEmptySelector(spec.selector)) {
    errors.push(invalidValue(selectorPath, spec.selector, emptySelectorText('daemonset')));
  }
  errors.push(...validatePodTemplateSpec(spec.template, old?.template, templatePath));
  checkRunsForever(spec.template, 'DaemonSet', templatePath, errors);
  checkNonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), errors);
  checkStrategy(spec.updateStrategy ?? {}, specPath.child('updateStrategy'), errors);
  checkNonNegative(spec.revisionHistoryLimit, specPath.child('revisionHistoryLimit'), errors);
}

function checkStrategy(
  { type = '', rollingUpdate }: DaemonSetUpdateStrategy,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (type === 'OnDelete') return;
  const rollingPath = path.child('rollingUpdate');
  if (type === 'RollingUpdate') {
    if (rollingUpdate) checkRollingUpdate(rollingUpdate, rollingPath, errors);
    else errors.push(required(rollingPath, ''));
    return;
  }
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {};
  const shownUpdate = rollingUpdate && { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge };
  const shown = { Type: type, RollingUpdate: shownUpdate ?? null };
  errors.push(notSupported(path, shown, ['RollingUpdate', 'OnDelete']));
}

function checkRollingUpdate(
  { maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDaemonSet,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const unavailablePath = path.child('maxUnavailable');
  const surgePath = path.child('maxSurge');
  checkIntOrPercent(maxUnavailable, unavailablePath, errors);
  checkIntOrPercent(maxSurge, surgePath, errors);
  checkAtMost100Percent(maxUnavailable, unavailablePath, errors);
  checkAtMost100Percent(maxSurge, surgePath, errors);
  const hasUnavailable = amountOf(maxUnavailable) !== 0;
  const hasSurge = amountOf(maxSurge) !== 0;
  if (hasUnavailable && hasSurge) {
    errors.push(
      invalidValue(surgePath, maxSurge, 'may not be set when maxUnavailable is non-zero'),
    );
  } else if (!hasUnavailable && !hasSurge) {
    errors.push(required(unavailablePath, 'cannot be 0 when maxSurge is 0'));
  }
}

function validateStatus({ status = {} }: DaemonSet, old: DaemonSet): FieldError[] {
  const errors: FieldErrors = [];
  const counts = [
    'currentNumberScheduled',
    'numberMisscheduled',
    'desiredNumberScheduled',
    'numberReady',
    'observedGeneration',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberUnavailable',
    'collisionCount',
  ] as const;
  checkCounts(status, counts, statusPath, errors);
  checkCollisionCount(status.collisionCount, old.status?.collisionCount, statusPath, errors);
  return errors;
}

/** The rules of DaemonSets. */
export const daemonSetKind = appsKind<DaemonSet>('DaemonSet', {
  setDefaults,
  prepareForCreate: (set) => {
    prepareNewWorkload(set);
    setTemplateGeneration(set, Math.max(1, templateGenerationOf(set)));
  },
  validateCreate: ({ spec }) => {
    const errors: FieldErrors = [];
    checkSpec(spec ?? {}, undefined, errors);
    return errors;
  },
  prepareForUpdate: (set, old) => {
    prepareChangedWorkload(set, old);
    const isChanged = !sameMeaning(set.spec?.template, old.spec?.template);
    setTemplateGeneration(set, templateGenerationOf(old) + (isChanged ? 1 : 0));
  },
  validateUpdate: ({ spec }, old) => {
    const errors: FieldErrors = [];
    checkSpec(spec ?? {}, old.spec, errors);
    const path = specPath.child('selector');
    errors.push(...validateImmutable(spec?.selector, old.spec?.selector, path));
    return errors;
  },
  validateStatusUpdate: validateStatus,
  warnings: (set, old) => templateWarnings(set, old, specPath.child('template')),
  table: {
    columns: [
      nameColumn,
      column('Desired', 'On how many nodes the pod should run.', { type: 'integer' }),
      column('Current', 'On how many of them it runs.', { type: 'integer' }),
      column('Ready', 'On how many of them it is ready.', { type: 'integer' }),
      column('Up-to-date', 'On how many of them it is as the template says.', { type: 'integer' }),
      column('Available', 'On how many it has been ready for long enough.', { type: 'integer' }),
      column('Node Selector', 'The labels of the nodes.'),
      ageColumn,
      ...containerColumns,
      wideColumn('Selector', 'The labels of the pods.'),
    ],
    cells: ({ metadata, spec, status }, nowMs) => [
      metadata.name ?? '',
      status?.desiredNumberScheduled ?? 0,
      status?.currentNumberScheduled ?? 0,
      status?.numberReady ?? 0,
      status?.updatedNumberScheduled ?? 0,
      status?.numberAvailable ?? 0,
      labelsCell(spec?.template?.spec?.nodeSelector),
      ageOf(metadata.creationTimestamp, nowMs),
      ...containerCells(spec?.template?.spec?.containers),
      selectorCell(spec?.selector),
    ],
  },
});
