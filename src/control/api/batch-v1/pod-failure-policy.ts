import {
  duplicate,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from '../../machinery/field-path.js';
import { checkQualifiedName, type FieldErrors, isUnset } from '../core-v1/field-checks.js';
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from '../gen/batch-v1.js';
import { invalidUnshown, validValuesText } from './omitted-value.js';

const rulesMax = 20;
const exitCodesMax = 255;
const conditionsMax = 20;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];

/** What a job does about pods that fail, by how they did. */
export function checkPodFailurePolicy(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const rulesPath = path.child('rules');
  if (rules.length > rulesMax) errors.push(tooMany(rulesPath, rules.length, rulesMax));
  rules.forEach((rule, at) => {
    checkRule(spec, rule, rulesPath.index(at), errors);
  });
}

function checkRule(
  spec: JobSpec,
  rule: PodFailurePolicyRule,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkAction(spec, rule.action, path.child('action'), errors);
  const { onExitCodes, onPodConditions = [] } = rule;
  const hasConditions = onPodConditions.length > 0;
  if (onExitCodes) checkExitCodes(spec, onExitCodes, path.child('onExitCodes'), errors);
  if (hasConditions) checkConditions(onPodConditions, path.child('onPodConditions'), errors);
  if (onExitCodes && hasConditions) {
    const text = 'specifying both OnExitCodes and OnPodConditions is not supported';
    errors.push(invalidUnshown(path, text));
  }
  if (!onExitCodes && !hasConditions) {
    const text = 'specifying one of OnExitCodes and OnPodConditions is required';
    errors.push(invalidUnshown(path, text));
  }
}

function checkAction(
  spec: JobSpec,
  action: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(action)) {
    errors.push(required(path, validValuesText(actions)));
  } else if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalidValue(path, action, 'requires the backoffLimitPerIndex to be set'));
  } else if (!actions.includes(action)) {
    errors.push(notSupported(path, action, actions));
  }
}

function checkExitCodes(
  spec: JobSpec,
  { operator, containerName, values = [] }: PodFailurePolicyOnExitCodesRequirement,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkNamed(operator, operators, path.child('operator'), errors);
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const isKnown = [...containers, ...initContainers].some(
    ({ name = '' }) => name === containerName,
  );
  if (containerName !== undefined && !isKnown) {
    const text = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalidValue(path.child('containerName'), containerName, text));
  }
  const valuesPath = path.child('values');
  if (values.length === 0) {
    errors.push(invalidValue(valuesPath, values, 'at least one value is required'));
  } else if (values.length > exitCodesMax) {
    errors.push(tooMany(valuesPath, values.length, exitCodesMax));
  }
  values.forEach((value, at) => {
    if (operator === 'In' && value === 0) {
      errors.push(invalidValue(valuesPath.index(at), value, 'must not be 0 for the In operator'));
    }
    if (values.indexOf(value) < at) errors.push(duplicate(valuesPath.index(at), value));
  });
  const isOrdered = values.every((value, at) => at === 0 || (values[at - 1] ?? 0) <= value);
  if (!isOrdered) errors.push(invalidValue(valuesPath, values, 'must be ordered'));
}

function checkConditions(
  patterns: readonly PodFailurePolicyOnPodConditionsPattern[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (patterns.length > conditionsMax) errors.push(tooMany(path, patterns.length, conditionsMax));
  patterns.forEach(({ type = '', status }, at) => {
    checkQualifiedName(type, path.index(at).child('type'), errors);
    checkNamed(status, statuses, path.index(at).child('status'), errors);
  });
}

function checkNamed(
  value: string | undefined,
  supported: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(value)) errors.push(required(path, validValuesText(supported)));
  else if (!supported.includes(value)) errors.push(notSupported(path, value, supported));
}
