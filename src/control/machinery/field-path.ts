import { assert } from '../../base/assert.js';
import type { FieldError, FieldErrorType } from './field-errors.js';
import { messageJson, quote } from './quote.js';

/** The way from the root of an object to a field of it. Immutable; rendered only when an error needs it. */
export class FieldPath {
  readonly #parent: FieldPath | undefined;
  readonly #segment: string;

  /** `segment` as it is shown: a name, or a subscript in brackets; '' only in the empty path. Use {@link fieldPath}. */
  constructor(parent: FieldPath | undefined, segment: string) {
    this.#parent = parent;
    this.#segment = segment;
  }

  /** The path of a field within this one. A field without a name is shown as `[]`. */
  child(...names: readonly string[]): FieldPath {
    let path: FieldPath = this;
    for (const name of names) path = new FieldPath(path, name === '' ? '[]' : name);
    return path;
  }

  /** The path of a list's item, from 0. */
  index(at: number): FieldPath {
    return new FieldPath(this, `[${at}]`);
  }

  /** The path of a map's value. */
  key(key: string): FieldPath {
    return new FieldPath(this, `[${key}]`);
  }

  /** `spec.containers[0].ports`; `<nil>` for the empty path, as errors without a field have it. */
  toString(): string {
    let text = this.#segment;
    for (let path = this.#parent; path !== undefined && path.#segment !== ''; path = path.#parent) {
      text = text.startsWith('[') ? path.#segment + text : `${path.#segment}.${text}`;
    }
    return text === '' ? '<nil>' : text;
  }
}

const emptyPath = new FieldPath(undefined, '');

/** A path from the root of an object, as `fieldPath('spec', 'containers')`; without names, the empty path. */
export function fieldPath(...names: readonly string[]): FieldPath {
  return emptyPath.child(...names);
}

/** The value that must be there is not. */
export function required(path: FieldPath, detail: string): FieldError {
  return withDetail('FieldValueRequired', path, 'Required value', detail);
}

/** The value is malformed or out of bounds. Strings are shown quoted, all else as JSON. */
export function invalidValue(path: FieldPath, value: unknown, detail: string): FieldError {
  return withDetail('FieldValueInvalid', path, `Invalid value: ${shown(value)}`, detail);
}

/** The value is none of those that the field may have; they are shown in the order given. */
export function notSupported(
  path: FieldPath,
  value: unknown,
  supported: readonly string[],
): FieldError {
  const detail =
    supported.length === 0 ? '' : `supported values: ${supported.map(quote).join(', ')}`;
  return withDetail('FieldValueNotSupported', path, `Unsupported value: ${shown(value)}`, detail);
}

/** The value is there twice. */
export function duplicate(path: FieldPath, value: unknown): FieldError {
  return withDetail('FieldValueDuplicate', path, `Duplicate value: ${shown(value)}`, '');
}

/** The value is well-formed, but not allowed here. */
export function forbiddenField(path: FieldPath, detail: string): FieldError {
  return withDetail('FieldValueForbidden', path, 'Forbidden', detail);
}

/** The value takes more than `max` bytes; it is not shown. */
export function tooLong(path: FieldPath, _value: unknown, max: number): FieldError {
  const detail = `may not be more than ${max} ${max === 1 ? 'byte' : 'bytes'}`;
  return withDetail('FieldValueTooLong', path, 'Too long', detail);
}

/** The list has `actual` items, more than `max`; `actual` is not shown when it is negative. */
export function tooMany(path: FieldPath, actual: number, max: number): FieldError {
  const detail = `must have at most ${max} ${max === 1 ? 'item' : 'items'}`;
  return withDetail(
    'FieldValueTooMany',
    path,
    actual < 0 ? 'Too many' : `Too many: ${actual}`,
    detail,
  );
}

/** The value names something that is not there. */
export function notFoundValue(path: FieldPath, value: unknown): FieldError {
  return withDetail('FieldValueNotFound', path, `Not found: ${shown(value)}`, '');
}

/** The value is not of the field's type. */
export function typeInvalid(path: FieldPath, value: unknown, detail: string): FieldError {
  return withDetail('FieldValueTypeInvalid', path, `Invalid value: ${shown(value)}`, detail);
}

/** The server failed while it looked at the field. */
export function internalFieldError(path: FieldPath, detail: string): FieldError {
  return withDetail('InternalError', path, 'Internal error', detail);
}

/** `field: message`, as errors are joined into one text. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field}: ${error.message}`;
}

/** One text for several errors, without repetitions: alone as it is, several in brackets. At least one is needed. */
export function joinFieldErrors(errors: readonly FieldError[]): string {
  assert(errors.length > 0, 'no errors to join');
  const texts = [...new Set(errors.map(fieldErrorText))];
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`;
}

function withDetail(
  type: FieldErrorType,
  path: FieldPath,
  body: string,
  detail: string,
): FieldError {
  return {
    type,
    field: path.toString(),
    message: detail === '' ? body : `${body}: ${detail}`,
  };
}

function shown(value: unknown): string {
  return typeof value === 'string' ? quote(value) : messageJson(value);
}
