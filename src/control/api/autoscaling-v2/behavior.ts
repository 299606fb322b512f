import {
  type FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { quantityOf } from '../core-v1/amounts.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../gen/autoscaling-v2.js';

const windowSecondsMax = 3600;
const periodSecondsMax = 1800;
const selectPolicies = ['Disabled', 'Max', 'Min'];
const policyTypes = ['Percent', 'Pods'];

/** Who says anything of how to scale gets what Kubernetes does otherwise for the rest. */
export function setBehaviorDefaults(behavior: HorizontalPodAutoscalerBehavior): void {
  behavior.scaleUp ??= {};
  behavior.scaleUp.stabilizationWindowSeconds ??= 0;
  setRulesDefaults(behavior.scaleUp, [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ]);
  behavior.scaleDown ??= {};
  setRulesDefaults(behavior.scaleDown, [{ type: 'Percent', value: 100, periodSeconds: 15 }]);
}

function setRulesDefaults(rules: HPAScalingRules, policies: HPAScalingPolicy[]): void {
  rules.selectPolicy ??= 'Max';
  rules.policies ??= policies;
}

/** How fast the number of pods may change. */
export function checkBehavior(
  { scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (scaleUp) checkRules(scaleUp, path.child('scaleUp'), errors);
  if (scaleDown) checkRules(scaleDown, path.child('scaleDown'), errors);
}

function checkRules(rules: HPAScalingRules, path: FieldPath, errors: FieldErrors): void {
  const { stabilizationWindowSeconds: seconds, selectPolicy, policies = [], tolerance } = rules;
  const windowPath = path.child('stabilizationWindowSeconds');
  if (seconds !== undefined && seconds < 0) {
    errors.push(invalidValue(windowPath, seconds, 'must be greater than or equal to zero'));
  }
  if (seconds !== undefined && seconds > windowSecondsMax) {
    const text = `must be less than or equal to ${windowSecondsMax}`;
    errors.push(invalidValue(windowPath, seconds, text));
  }
  if (selectPolicy !== undefined && !selectPolicies.includes(selectPolicy)) {
    errors.push(notSupported(path.child('selectPolicy'), selectPolicy, selectPolicies));
  }
  const policiesPath = path.child('policies');
  if (policies.length === 0) {
    errors.push(required(policiesPath, 'must specify at least one Policy'));
  }
  policies.forEach((policy, at) => {
    checkPolicy(policy, policiesPath.index(at), errors);
  });
  if (tolerance !== undefined && quantityOf(tolerance).sign < 0) {
    const text = 'must be greater than or equal to zero';
    errors.push(invalidValue(path.child('tolerance'), tolerance, text));
  }
}

function checkPolicy(
  { type = '', value = 0, periodSeconds = 0 }: HPAScalingPolicy,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!policyTypes.includes(type)) {
    errors.push(notSupported(path.child('type'), type, policyTypes));
  }
  if (value <= 0) {
    errors.push(invalidValue(path.child('value'), value, 'must be greater than zero'));
  }
  const periodPath = path.child('periodSeconds');
  if (periodSeconds <= 0) {
    errors.push(invalidValue(periodPath, periodSeconds, 'must be greater than zero'));
  }
  if (periodSeconds > periodSecondsMax) {
    const text = `must be less than or equal to ${periodSecondsMax}`;
    errors.push(invalidValue(periodPath, periodSeconds, text));
  }
}
