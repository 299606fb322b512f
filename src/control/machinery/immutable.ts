import { semanticEqual } from './deep-equal.js';
import type { FieldError } from './field-errors.js';
import { type FieldPath, invalidValue } from './field-path.js';

/** What the API says of a change of a field that cannot change. */
export const immutableText = 'field is immutable';

/** Refuses a value that is not the old one; absent and empty are the same. */
export function validateImmutable(value: unknown, old: unknown, path: FieldPath): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalidValue(path, value, immutableText)];
}
