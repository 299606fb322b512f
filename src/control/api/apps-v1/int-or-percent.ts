import { type FieldPath, invalidValue } from '../../machinery/field-path.js';
import { percentProblems } from '../../machinery/names.js';
import { addProblems, checkNonNegative, type FieldErrors } from '../core-v1/field-checks.js';
import type { IntOrString } from '../gen/util-intstr.js';

/** A number of at least 0, or a percentage. */
export function checkIntOrPercent(value: IntOrString, path: FieldPath, errors: FieldErrors): void {
  if (typeof value === 'number') checkNonNegative(value, path, errors);
  else addProblems(percentProblems(value), path, value, errors);
}

/** A percentage of at most 100; numbers are not bounded. */
export function checkAtMost100Percent(
  value: IntOrString,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if ((percentOf(value) ?? 0) <= 100) return;
  errors.push(invalidValue(path, value, 'must not be greater than 100%'));
}

/** The number, or that of the percentage; 0 for a text that is neither. */
export function amountOf(value: IntOrString): number {
  if (typeof value === 'number') return value;
  return percentOf(value) ?? (/^[+-]?[0-9]{1,15}$/.test(value) ? Number(value) : 0);
}

function percentOf(value: IntOrString): number | undefined {
  if (typeof value === 'number' || percentProblems(value).length > 0) return undefined;
  return Number(value.slice(0, -1));
}
