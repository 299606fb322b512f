import {
  duplicate,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../machinery/field-path.js';
import { regexProblem } from '../machinery/names.js';
import { utf8Length } from '../machinery/quote.js';
import {
  checkNonNegative,
  checkQualifiedName,
  type FieldErrors,
  isUnset,
} from './core-v1/field-checks.js';
import type { Condition } from './gen/meta-v1.js';

const statuses = ['False', 'True', 'Unknown'];
const reason = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const reasonMax = 1024;
const messageMax = 32 * 1024;

/** Conditions as all newer kinds have them (metav1.Condition): one of each type, and each complete. */
export function checkConditions(
  conditions: readonly Condition[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  conditions?.forEach((condition, at) => {
    const { type = '' } = condition;
    if (seen.has(type)) errors.push(duplicate(path.index(at).child('type'), type));
    seen.add(type);
    checkCondition(condition, path.index(at), errors);
  });
}

function checkCondition(condition: Condition, path: FieldPath, errors: FieldErrors): void {
  const { type, status = '', observedGeneration, lastTransitionTime } = condition;
  if (isUnset(type)) errors.push(required(path.child('type'), 'must be set'));
  else checkQualifiedName(type, path.child('type'), errors);
  if (!statuses.includes(status)) errors.push(notSupported(path.child('status'), status, statuses));
  checkNonNegative(observedGeneration, path.child('observedGeneration'), errors);
  if (isUnset(lastTransitionTime ?? undefined)) {
    errors.push(required(path.child('lastTransitionTime'), 'must be set'));
  }
  checkReason(condition.reason, path.child('reason'), errors);
  const { message = '' } = condition;
  if (utf8Length(message) > messageMax) {
    errors.push(tooLong(path.child('message'), message, messageMax));
  }
}

function checkReason(text: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (isUnset(text)) {
    errors.push(required(path, 'must be set'));
    return;
  }
  if (!reason.test(text)) {
    const rule =
      "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
    const regex = reason.source.slice(1, -1);
    errors.push(
      invalidValue(
        path,
        text,
        regexProblem(
          rule,
          regex,
          'my_name',
          'MY_NAME',
          'MyName',
          'ReasonA,ReasonB',
          'ReasonA:ReasonB',
        ),
      ),
    );
  }
  if (utf8Length(text) > reasonMax) errors.push(tooLong(path, text, reasonMax));
}
