import type { JsonValue } from '../../machinery/json.js';

/** A body that cannot be read as what it should be. The text is what Kubernetes' decoder says; it is wrapped in a Status further up. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/**
 * A number whose text says more than the number it is read as: with a fraction or an exponent, or with so many digits that it may
 * have been rounded. Only exists between reading JSON and reading it by its schema.
 */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** JSON data as it was read: numbers may be exact. */
export type ReadValue = JsonValue | ExactNumber;

/** What JSON calls the value, as error texts have it. */
export function describeValue(value: unknown): string {
  if (value instanceof ExactNumber) return 'number';
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'object') return Array.isArray(value) ? 'array' : 'object';
  return typeof value;
}
