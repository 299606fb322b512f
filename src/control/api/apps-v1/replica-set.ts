import type { FieldError } from '../../machinery/field-errors.js';
import { type FieldPath, fieldPath, invalidValue } from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { checkNonNegative, type FieldErrors } from '../core-v1/field-checks.js';
import { setPodTemplateDefaults, validatePodTemplateSpec } from '../core-v1/pod-spec.js';
import { replicaTable } from '../core-v1/replica-table.js';
import type { ReplicaSet, ReplicaSetSpec } from '../gen/apps-v1.js';
import { appsKind } from './apps-kind.js';
import {
  checkRunsForever,
  checkSelector,
  checkTemplateIsSelected,
  emptySelectorText,
  type SelectedTemplate,
  usableSelector,
} from './selected-template.js';
import { selectorCell } from './selector-cell.js';
import {
  checkCounts,
  checkNoneAbove,
  nameWarnings,
  prepareChangedWorkload,
  prepareNewWorkload,
  templateWarnings,
} from './workload.js';

const specPath = fieldPath('spec');
const statusPath = fieldPath('status');

/** The template of a ReplicaSet, its own or a Deployment's, in the spec at `path`. */
export function checkReplicatedTemplate(
  { selector: spec, template }: SelectedTemplate,
  old: SelectedTemplate | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const selector = usableSelector(spec);
  if (selector === undefined) {
    errors.push(invalidValue(path.child('selector'), spec, 'invalid label selector'));
    return;
  }
  const templatePath = path.child('template');
  if (!selector.isEverything) {
    checkTemplateIsSelected(selector, template, templatePath, errors);
  }
  errors.push(...validatePodTemplateSpec(template, old?.template, templatePath));
  checkRunsForever(template, 'ReplicaSet', templatePath, errors);
}

function setDefaults(set: ReplicaSet): void {
  set.spec ??= {};
  set.spec.replicas ??= 1;
  setPodTemplateDefaults(set.spec.template);
}

function checkSpec(
  spec: ReplicaSetSpec,
  old: ReplicaSetSpec | undefined,
  errors: FieldErrors,
): void {
  checkNonNegative(spec.replicas, specPath.child('replicas'), errors);
  checkNonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), errors);
  // The API names a Deployment here too.
  checkSelector(spec.selector, emptySelectorText('deployment'), specPath.child('selector'), errors);
  checkReplicatedTemplate(spec, old, specPath, errors);
}

function validateStatus({ status = {} }: ReplicaSet): FieldError[] {
  const errors: FieldErrors = [];
  const parts = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const;
  const counts = ['replicas', ...parts, 'terminatingReplicas', 'observedGeneration'] as const;
  checkCounts(status, counts, statusPath, errors);
  const all = { count: status.replicas, detail: 'cannot be greater than status.replicas' };
  checkNoneAbove(status, parts, all, statusPath, errors);
  const ready = { count: status.readyReplicas, detail: 'cannot be greater than readyReplicas' };
  checkNoneAbove(status, ['availableReplicas'], ready, statusPath, errors);
  return errors;
}

/** The rules of ReplicaSets. */
export const replicaSetKind = appsKind<ReplicaSet>('ReplicaSet', {
  setDefaults,
  prepareForCreate: prepareNewWorkload,
  validateCreate: ({ spec }) => {
    const errors: FieldErrors = [];
    checkSpec(spec ?? {}, undefined, errors);
    return errors;
  },
  prepareForUpdate: prepareChangedWorkload,
  validateUpdate: ({ spec }, old) => {
    const errors: FieldErrors = [];
    checkSpec(spec ?? {}, old.spec, errors);
    const path = specPath.child('selector');
    errors.push(...validateImmutable(spec?.selector, old.spec?.selector, path));
    return errors;
  },
  validateStatusUpdate: validateStatus,
  warnings: (set, old) => [
    ...nameWarnings(set, old),
    ...templateWarnings(set, old, specPath.child('template')),
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  table: replicaTable(({ spec }) => selectorCell(spec?.selector)),
});
