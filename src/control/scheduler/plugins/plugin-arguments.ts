import type { FieldError } from '../../machinery/field-errors.js';
import { joinFieldErrors } from '../../machinery/field-path.js';
import { ConfigurationError } from '../framework/configuration-error.js';

/** The fields of a plugin's arguments, or of an object within them. */
export type ArgumentFields = Readonly<Record<string, unknown>>;

/**
 * The fields of an object in arguments; none when it is absent. Throws ConfigurationError for what is no object, and for fields
 * besides `known`.
 */
export function fieldsOf(value: unknown, known: readonly string[], path = ''): ArgumentFields {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new ConfigurationError(`${path === '' ? 'args' : path} must be an object`);
  }
  for (const field of Object.keys(value)) {
    if (known.includes(field)) continue;
    if (path === '' && (field === 'apiVersion' || field === 'kind')) continue;
    throw new ConfigurationError(`strict decoding error: unknown field ${named(path, field)}`);
  }
  return value as ArgumentFields;
}

/** A whole number. Throws ConfigurationError for what is not one. */
export function integerOf(fields: ArgumentFields, field: string, absent: number): number {
  const value = fields[field];
  if (value === undefined || value === null) return absent;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new ConfigurationError(`${field} must be an integer, not ${JSON.stringify(value)}`);
}

/** A finite number. Throws ConfigurationError for what is not one. */
export function numberOf(fields: ArgumentFields, field: string, absent: number): number {
  const value = fields[field];
  if (value === undefined || value === null) return absent;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new ConfigurationError(`${field} must be a number, not ${JSON.stringify(value)}`);
}

/** A text. Throws ConfigurationError for what is not one. */
export function textOf(fields: ArgumentFields, field: string, absent: string): string {
  const value = fields[field];
  if (value === undefined || value === null) return absent;
  if (typeof value === 'string') return value;
  throw new ConfigurationError(`${field} must be a string, not ${JSON.stringify(value)}`);
}

/** True or false. Throws ConfigurationError for what is neither. */
export function booleanOf(fields: ArgumentFields, field: string, absent: boolean): boolean {
  const value = fields[field];
  if (value === undefined || value === null) return absent;
  if (typeof value === 'boolean') return value;
  throw new ConfigurationError(`${field} must be true or false, not ${JSON.stringify(value)}`);
}

/** A list, null when it is absent. Throws ConfigurationError for what is none. */
export function listOf(fields: ArgumentFields, field: string): readonly unknown[] | null {
  const value = fields[field];
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value;
  throw new ConfigurationError(`${field} must be a list, not ${JSON.stringify(value)}`);
}

/** A list of texts. Throws ConfigurationError for what is none. */
export function textsOf(fields: ArgumentFields, field: string): readonly string[] {
  return (listOf(fields, field) ?? []).map((value) => {
    if (typeof value === 'string') return value;
    throw new ConfigurationError(`${field} must be strings, not ${JSON.stringify(value)}`);
  });
}

/** Throws ConfigurationError when there are problems, in the words of the API. */
export function refuseProblems(problems: readonly FieldError[]): void {
  if (problems.length > 0) throw new ConfigurationError(joinFieldErrors(problems));
}

function named(path: string, field: string): string {
  return JSON.stringify(path === '' ? field : `${path}.${field}`);
}
