import type { FieldError } from '../../machinery/field-errors.js';
import type { FieldPath } from '../../machinery/field-path.js';
import { quote } from '../../machinery/quote.js';

/** A value that is too large, or too secret, to be shown. */
export function invalidUnshown(path: FieldPath, detail: string): FieldError {
  return {
    type: 'FieldValueInvalid',
    field: path.toString(),
    message: `Invalid value: ${detail}`,
  };
}

/** `valid values: ["A" "B"]`, as the API names what a required field may be. */
export function validValuesText(values: readonly string[]): string {
  return `valid values: [${values.map(quote).join(' ')}]`;
}
