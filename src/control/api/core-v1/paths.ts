import type { FieldPath } from '../../machinery/field-path.js';
import { invalidValue } from '../../machinery/field-path.js';
import type { FieldErrors } from './field-checks.js';

/** Checks of file names in volumes and mounts. The API server splits at `/` alone, whatever the node runs. */

/** The path must stay below what it is relative to: not absolute, no `..` in it. */
export function checkDescendingPath(value: string, path: FieldPath, errors: FieldErrors): void {
  if (value.startsWith('/')) errors.push(invalidValue(path, value, 'must be a relative path'));
  checkNoBacksteps(value, path, errors);
}

/** As {@link checkDescendingPath}, and the first name may not start with two dots: those the kubelet keeps for itself. */
export function checkUnreservedPath(value: string, path: FieldPath, errors: FieldErrors): void {
  checkDescendingPath(value, path, errors);
  if (value.startsWith('..') && !value.startsWith('../')) {
    errors.push(invalidValue(path, value, "must not start with '..'"));
  }
}

/** No part of the path may be `..`; said once, however many are. */
export function checkNoBacksteps(value: string, path: FieldPath, errors: FieldErrors): void {
  if (hasBacksteps(value)) errors.push(invalidValue(path, value, "must not contain '..'"));
}

/** Whether a part of the path is `..`. */
export function hasBacksteps(value: string): boolean {
  return value.split('/').includes('..');
}

/** Whether the path, followed, is the root: `/`, `//`, `/a/..`. */
export function isRootPath(value: string): boolean {
  if (!value.startsWith('/')) return false;
  let depth = 0;
  for (const part of value.split('/')) {
    if (part === '..') depth = Math.max(0, depth - 1);
    else if (part !== '' && part !== '.') depth += 1;
  }
  return depth === 0;
}
