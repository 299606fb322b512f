import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  portNameProblems,
  portNumberProblems,
  qualifiedNameProblems,
} from '../../machinery/names.js';

/** What a rule adds its refusals to, in the order in which the API reports them. */
export type FieldErrors = FieldError[];

/** Refuses a value once for each of its problems. */
export function addProblems(
  problems: readonly string[],
  path: FieldPath,
  value: unknown,
  errors: FieldErrors,
): void {
  for (const problem of problems) errors.push(invalidValue(path, value, problem));
}

/** A label of a DNS name; an absent value counts as ''. */
export function checkDnsLabel(value: string, path: FieldPath, errors: FieldErrors): void {
  addProblems(dnsLabelProblems(value), path, value, errors);
}

/** A DNS name, as most objects are named. */
export function checkDnsSubdomain(value: string, path: FieldPath, errors: FieldErrors): void {
  addProblems(dnsSubdomainProblems(value), path, value, errors);
}

/** A key of a label and whatever is named like one. */
export function checkQualifiedName(value: string, path: FieldPath, errors: FieldErrors): void {
  addProblems(qualifiedNameProblems(value), path, value, errors);
}

/** The text must be there. */
export function checkPresent(
  value: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
  detail = '',
): void {
  if (isUnset(value)) errors.push(required(path, detail));
}

/** The text must be there and be one of those given; they are shown in this order. */
export function checkOneOf(
  value: string | undefined,
  supported: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(value)) errors.push(required(path, ''));
  else checkSupported(value, supported, path, errors);
}

/** The text, when the field is there at all, must be one of those given. */
export function checkSupported(
  value: string | undefined,
  supported: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (value !== undefined && !supported.includes(value)) {
    errors.push(notSupported(path, value, supported));
  }
}

/** The number may not be negative; an absent one counts as 0. */
export function checkNonNegative(
  value: number | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (value !== undefined && value < 0) {
    errors.push(invalidValue(path, value, 'must be greater than or equal to 0'));
  }
}

/** The number must be above 0; an absent one counts as 0. */
export function checkPositive(
  value: number | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if ((value ?? 0) <= 0) {
    errors.push(invalidValue(path, value ?? 0, 'must be greater than zero'));
  }
}

/** The number must lie between two others, both included. */
export function checkRange(
  value: number,
  [min, max]: readonly [number, number],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (value < min || value > max) {
    errors.push(invalidValue(path, value, rangeProblem(min, max)));
  }
}

/** How a number outside of its bounds is worded. */
export function rangeProblem(min: number, max: number): string {
  return `must be between ${min} and ${max}, inclusive`;
}

/** A port by its number or by the name that a container gives it. */
export function checkPortOrName(
  port: number | string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const value = port ?? 0;
  const problems = typeof value === 'number' ? portNumberProblems(value) : portNameProblems(value);
  addProblems(problems, path, value, errors);
}

const maxId = 2 ** 31 - 1;

/** The number of a user or a group on a node. */
export function checkId(value: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (value !== undefined) checkRange(value, [0, maxId], path, errors);
}

/** Whether a text is absent or empty, which the API does not tell apart. */
export function isUnset(value: string | undefined): value is undefined | '' {
  return value === undefined || value === '';
}

/** Whether a field says nothing: absent, or empty, or what it would be if it were absent. */
export function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) {
    return true;
  }
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
