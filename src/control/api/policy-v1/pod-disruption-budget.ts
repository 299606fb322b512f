import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue } from '../../machinery/field-path.js';
import { validateLabelSelector } from '../../machinery/label-selector.js';
import { checkAtMost100Percent, checkIntOrPercent } from '../apps-v1/int-or-percent.js';
import { checkConditions } from '../conditions.js';
import { checkNonNegative, checkSupported, type FieldErrors } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '../gen/policy-v1.js';
import { kindsOf } from '../group-kind.js';

const specPath = fieldPath('spec');
const statusPath = fieldPath('status');
const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget'];

function validate({ spec = {} }: PodDisruptionBudget): FieldError[] {
  const errors: FieldErrors = [];
  const { minAvailable, maxUnavailable } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const text = 'minAvailable and maxUnavailable cannot be both set';
    errors.push(invalidValue(specPath, shownSpec(spec), text));
  }
  for (const [name, amount] of Object.entries({ minAvailable, maxUnavailable })) {
    if (amount === undefined) continue;
    checkIntOrPercent(amount, specPath.child(name), errors);
    checkAtMost100Percent(amount, specPath.child(name), errors);
  }
  errors.push(...validateLabelSelector(spec.selector, specPath.child('selector')));
  const policyPath = specPath.child('unhealthyPodEvictionPolicy');
  checkSupported(spec.unhealthyPodEvictionPolicy, evictionPolicies, policyPath, errors);
  return errors;
}

/** A structure is shown with the names that its fields have inside the server. */
function shownSpec(spec: PodDisruptionBudgetSpec): object {
  return {
    MinAvailable: spec.minAvailable ?? null,
    Selector: spec.selector ?? null,
    MaxUnavailable: spec.maxUnavailable ?? null,
    UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
  };
}

function validateStatus({ status = {} }: PodDisruptionBudget): FieldError[] {
  const errors: FieldErrors = [];
  checkConditions(status.conditions, statusPath.child('conditions'), errors);
  const counts = [
    'disruptionsAllowed',
    'currentHealthy',
    'desiredHealthy',
    'expectedPods',
  ] as const;
  for (const name of counts) checkNonNegative(status[name], statusPath.child(name), errors);
  return errors;
}

/** The rules of PodDisruptionBudgets. */
export const podDisruptionBudgetKind = kindsOf('policy', 'v1')<PodDisruptionBudget>(
  'PodDisruptionBudget',
  {
    validateCreate: validate,
    validateUpdate: validate,
    validateStatusUpdate: validateStatus,
    table: {
      columns: [
        nameColumn,
        column('Min Available', 'How many pods must stay.'),
        column('Max Unavailable', 'How many pods may be missing.'),
        column('Allowed Disruptions', 'How many pods may be evicted now.', { type: 'integer' }),
        ageColumn,
      ],
      cells: ({ metadata, spec, status }, nowMs) => [
        metadata.name ?? '',
        String(spec?.minAvailable ?? 'N/A'),
        String(spec?.maxUnavailable ?? 'N/A'),
        status?.disruptionsAllowed ?? 0,
        ageOf(metadata.creationTimestamp, nowMs),
      ],
    },
  },
);
