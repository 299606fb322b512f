import type { FieldError } from './field-errors.js';
import { type FieldPath, invalidValue } from './field-path.js';
import { labelValueProblems, qualifiedNameProblems } from './names.js';

/** Labels of an object, as it carries them. */
export type Labels = Readonly<Record<string, string>>;

/** The label's value, or undefined; safe for any key. */
export function labelOf(labels: Labels | undefined, key: string): string | undefined {
  const value: unknown = labels?.[key];
  // What an object inherits is never a string.
  return typeof value === 'string' ? value : undefined;
}

/** What is wrong with the labels of an object. */
export function validateLabels(labels: Labels | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    errors.push(...validateLabelKey(key, path));
    for (const problem of labelValueProblems(value)) {
      errors.push(invalidValue(path, value, problem));
    }
  }
  return errors;
}

/** What is wrong with the key of a label. */
export function validateLabelKey(key: string, path: FieldPath): FieldError[] {
  return qualifiedNameProblems(key).map((problem) => invalidValue(path, key, problem));
}
