import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  invalidValue,
  typeInvalid,
} from '../../machinery/field-path.js';
import type { JsonValue } from '../../machinery/json.js';

/** `spec.replicas in body TEXT`: how the API words what a value's schema refuses. */
export function bodyError(path: FieldPath, value: unknown, text: string): FieldError {
  return invalidValue(path, value, `${nameIn(path)} in body ${text}`);
}

/** The value is not of the type or format. */
export function bodyTypeError(
  path: FieldPath,
  shown: unknown,
  type: string,
  found: JsonValue | string,
): FieldError {
  const text =
    typeof found === 'string' ? JSON.stringify(found) : JSON.stringify(JSON.stringify(found));
  return typeInvalid(path, shown, `${nameIn(path)} in body must be of type ${type}: ${text}`);
}

/** What a combination of schemas says when it is not met; the API names no field then. */
export function combinationError(path: FieldPath, text: string): FieldError {
  return invalidValue(fieldPath(), '', `${JSON.stringify(nameIn(path))} ${text}`);
}

function nameIn(path: FieldPath): string {
  const text = path.toString();
  return text === '<nil>' ? '' : text;
}
