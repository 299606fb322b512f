import {
  duplicate,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/field-path.js';
import { validateLabelKey } from '../../../machinery/labels.js';
import { labelValueProblems } from '../../../machinery/names.js';
import type { Taint, Toleration } from '../../gen/core-v1.js';
import { type FieldErrors, isUnset } from '../field-checks.js';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const operators = ['Equal', 'Exists'];
/** What is told to those who use the comparisons while they are off; they are known, but not accepted. */
const allOperators = [...operators, 'Lt', 'Gt'];

/** Which taints of nodes a pod puts up with. */
export function checkTolerations(
  tolerations: readonly Toleration[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  tolerations?.forEach((toleration, at) => {
    const entry = path.index(at);
    const { key, operator, effect } = toleration;
    if (!isUnset(key)) errors.push(...validateLabelKey(key, entry.child('key')));
    if (isUnset(key) && operator !== 'Exists') {
      const text =
        'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalidValue(entry.child('operator'), operator ?? '', text));
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const text = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(invalidValue(entry.child('effect'), effect ?? '', text));
    }
    checkOperator(toleration, entry.child('operator'), errors);
    if (!isUnset(effect)) checkEffect(effect, entry.child('effect'), errors);
  });
}

function checkOperator(toleration: Toleration, path: FieldPath, errors: FieldErrors): void {
  const { operator = '', value = '' } = toleration;
  if (operator === 'Equal' || operator === '') checkValue(value, path, errors);
  else if (operator === 'Exists') {
    if (value === '') return;
    errors.push(invalidValue(path, value, "value must be empty when `operator` is 'Exists'"));
  } else {
    const isComparison = operator === 'Lt' || operator === 'Gt';
    errors.push(notSupported(path, operator, isComparison ? allOperators : operators));
  }
}

function checkValue(value: string, path: FieldPath, errors: FieldErrors): void {
  const problems = labelValueProblems(value);
  if (problems.length > 0) errors.push(invalidValue(path, value, problems.join(';')));
}

function checkEffect(effect: string, path: FieldPath, errors: FieldErrors): void {
  if (!effects.includes(effect)) errors.push(notSupported(path, effect, effects));
}

/** The taints of a node; at most one for each key and effect. */
export function checkTaints(
  taints: readonly Taint[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  taints?.forEach((taint, at) => {
    const entry = path.index(at);
    const { key = '', value = '', effect = '' } = taint;
    errors.push(...validateLabelKey(key, entry.child('key')));
    checkValue(value, entry.child('value'), errors);
    if (effect === '') errors.push(required(entry.child('effect'), ''));
    else checkEffect(effect, entry.child('effect'), errors);
    const identity = `${effect}\n${key}`;
    if (seen.has(identity)) {
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null };
      const error = duplicate(entry, shown);
      const text = 'taints must be unique by key and effect pair';
      errors.push({ ...error, message: `${error.message}: ${text}` });
    }
    seen.add(identity);
  });
}
