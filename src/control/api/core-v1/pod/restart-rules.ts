import {
  duplicate,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from '../../../machinery/field-path.js';
import type { Container, ContainerResizePolicy, ContainerRestartRule } from '../../gen/core-v1.js';
import { type FieldErrors, isUnset } from '../field-checks.js';

const policies = ['Always', 'Never', 'OnFailure'];
const actions = ['Restart', 'RestartAllContainers'];
const operators = ['In', 'NotIn'];
const ruleMax = 20;
const exitCodeMax = 255;

/** When a container is started again, in place of what the pod says. */
export function checkRestartRules(
  container: Container,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  const policyPath = path.child('restartPolicy');
  if (restartPolicy === undefined) {
    if (rules.length === 0) return;
    errors.push(required(policyPath, 'must specify restartPolicy when restart rules are used'));
  } else if (!policies.includes(restartPolicy)) {
    errors.push(notSupported(policyPath, restartPolicy, policies));
  }
  const rulesPath = path.child('restartPolicyRules');
  if (rules.length > ruleMax) errors.push(tooMany(rulesPath, rules.length, ruleMax));
  rules.forEach((rule, at) => {
    checkRule(rule, rulesPath.index(at), errors);
  });
}

function checkRule(rule: ContainerRestartRule, path: FieldPath, errors: FieldErrors): void {
  const { action = '', exitCodes } = rule;
  if (!actions.includes(action)) errors.push(notSupported(path.child('action'), action, actions));
  const codesPath = path.child('exitCodes');
  if (exitCodes === undefined) {
    errors.push(required(codesPath, 'must be specified'));
    return;
  }
  const { operator = '', values = [] } = exitCodes;
  if (!operators.includes(operator)) {
    errors.push(notSupported(codesPath.child('operator'), operator, operators));
  }
  if (values.length > exitCodeMax) {
    errors.push(tooMany(codesPath.child('values'), values.length, exitCodeMax));
  }
}

const resizableNames = ['cpu', 'memory'];
const resizePolicies = ['NotRequired', 'RestartContainer'];

/** Whether a container must be restarted to get more of a resource. */
export function checkResizePolicies(
  list: readonly ContainerResizePolicy[] | undefined,
  podRestartPolicy: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  list?.forEach(({ resourceName = '', restartPolicy = '' }, at) => {
    if (seen.has(resourceName)) errors.push(duplicate(path.index(at), resourceName));
    seen.add(resourceName);
    checkKnown(resourceName, resizableNames, path, errors);
    checkKnown(restartPolicy, resizePolicies, path, errors);
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      const text = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
      errors.push(invalidValue(path, restartPolicy, text));
    }
  });
}

function checkKnown(
  value: string,
  known: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(value)) errors.push(required(path, ''));
  else if (!known.includes(value)) errors.push(notSupported(path, value, known));
}
