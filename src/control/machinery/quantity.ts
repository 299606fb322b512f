import { formatNanos } from './quantity-format.js';
import { parseQuantity } from './quantity-parse.js';

/** Which suffixes a quantity was written with, and is written with again. */
export type QuantityFormat = 'decimal-si' | 'binary-si' | 'decimal-exponent';

const nanosPerUnit = 1_000_000_000n;
const nanosPerMilli = 1_000_000n;

/**
 * An amount of a resource, exact to a billionth: `500m`, `1.5Gi`, `3e6`. Finer amounts are rounded away from zero when they are
 * parsed. Immutable.
 */
export class Quantity {
  static readonly zero: Quantity = new Quantity(0n, 'decimal-si');

  readonly format: QuantityFormat;
  readonly #nanos: bigint;
  #text: string | undefined;

  private constructor(nanos: bigint, format: QuantityFormat, text?: string) {
    this.#nanos = nanos;
    this.format = format;
    this.#text = text;
  }

  /** Reads the API's grammar for quantities; throws {@link QuantityError} with the API's text. */
  static parse(text: string): Quantity {
    const { nanos, format, isShownAsWritten } = parseQuantity(text);
    return new Quantity(nanos, format, isShownAsWritten ? text : undefined);
  }

  /** As JSON carries quantities: a string, which may be surrounded by spaces, or a number. */
  static fromJson(value: string | number): Quantity {
    return Quantity.parse(String(value).trim());
  }

  /** A whole amount. */
  static of(value: bigint | number, format: QuantityFormat = 'decimal-si'): Quantity {
    return new Quantity(BigInt(value) * nanosPerUnit, format);
  }

  /** Thousandths. */
  static ofMilli(value: bigint | number, format: QuantityFormat = 'decimal-si'): Quantity {
    return new Quantity(BigInt(value) * nanosPerMilli, format);
  }

  /** Negative, zero or positive as this is less than, equal to or more than `other`; the format does not matter. */
  compare(other: Quantity): -1 | 0 | 1 {
    if (this.#nanos === other.#nanos) return 0;
    return this.#nanos < other.#nanos ? -1 : 1;
  }

  /** The sum, in this quantity's format; a zero has none of its own. */
  add(other: Quantity): Quantity {
    return new Quantity(this.#nanos + other.#nanos, this.#formatWith(other));
  }

  /** The difference, in this quantity's format; a zero has none of its own. */
  sub(other: Quantity): Quantity {
    return new Quantity(this.#nanos - other.#nanos, this.#formatWith(other));
  }

  /** A whole multiple. */
  mul(factor: bigint | number): Quantity {
    return new Quantity(this.#nanos * BigInt(factor), this.format);
  }

  /** The same amount with the other sign. */
  neg(): Quantity {
    return new Quantity(-this.#nanos, this.format);
  }

  get sign(): -1 | 0 | 1 {
    if (this.#nanos === 0n) return 0;
    return this.#nanos < 0n ? -1 : 1;
  }

  get isZero(): boolean {
    return this.#nanos === 0n;
  }

  /** Whole units, rounded away from zero. */
  value(): bigint {
    return dividedAwayFromZero(this.#nanos, nanosPerUnit);
  }

  /** Thousandths, rounded away from zero. */
  milliValue(): bigint {
    return dividedAwayFromZero(this.#nanos, nanosPerMilli);
  }

  /** The nearest floating-point number. */
  toNumber(): number {
    const units = this.#nanos / nanosPerUnit;
    return Number(units) + Number(this.#nanos - units * nanosPerUnit) / 1e9;
  }

  /**
   * The canonical form: no fraction, the largest suffix that keeps the amount exact. Like the API, this keeps the text that was
   * parsed where it is as short in digits already, even when it has a fraction (`1.234` stays, `1.5` becomes `1500m`).
   */
  toString(): string {
    this.#text ??= formatNanos(this.#nanos, this.format);
    return this.#text;
  }

  /** The canonical form, whatever was parsed: equal quantities of one format have the same. */
  toCanonical(): string {
    return formatNanos(this.#nanos, this.format);
  }

  toJSON(): string {
    return this.toString();
  }

  #formatWith(other: Quantity): QuantityFormat {
    return this.#nanos === 0n ? other.format : this.format;
  }
}

function dividedAwayFromZero(amount: bigint, by: bigint): bigint {
  const quotient = amount / by;
  if (quotient * by === amount) return quotient;
  return amount < 0n ? quotient - 1n : quotient + 1n;
}
