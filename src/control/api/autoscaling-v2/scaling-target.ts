import { type FieldPath, invalidValue, required } from '../../machinery/field-path.js';
import { pathSegmentProblems } from '../../machinery/names.js';
import { addProblems, type FieldErrors, isUnset } from '../core-v1/field-checks.js';
import type { CrossVersionObjectReference } from '../gen/autoscaling-v2.js';

/** Names an object of any kind in any version. */
export function checkObjectReference(
  { apiVersion = '', kind, name }: CrossVersionObjectReference,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkSegment(kind, path.child('kind'), errors);
  checkSegment(name, path.child('name'), errors);
  if (apiVersion.split('/').length <= 2) return;
  const text = `unexpected GroupVersion string: ${apiVersion}`;
  errors.push(invalidValue(path.child('apiVersion'), apiVersion, text));
}

function checkSegment(value: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (isUnset(value)) errors.push(required(path, ''));
  else addProblems(pathSegmentProblems(value), path, value, errors);
}
