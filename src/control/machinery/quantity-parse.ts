import type { QuantityFormat } from './quantity.js';

/** A text that is not a quantity; the messages are the API's. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

/** What a text says. */
export interface ParsedQuantity {
  /** Billionths. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  /** The API shows this text as it is; else it shows the canonical form. */
  readonly isShownAsWritten: boolean;
}

interface Suffix {
  readonly base: 2 | 10;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

const nanoDigits = 9;
/** Numbers of at most this many digits fit 64 bits. */
const shortDigits = 18;
/** Of binary amounts: digits and suffix together stay below 2^53. */
const shortBinaryDigits = 15;
/** What binary amounts are capped at. */
const binaryMax = (2n ** 63n - 1n) * 10n ** 9n;
/** Exponents and texts beyond these are refused: such amounts would only cost time. */
const exponentMax = 100;
const textMax = 1000;
/** Whatever has this exponent is less than a billionth. */
const exponentMin = -(textMax + nanoDigits);

const number = '([+-]?)0*([0-9]*)(?:\\.([0-9]*))?';
const grammar = new RegExp(`^${number}([eEinumkKMGTP]*[-+]?[0-9]*)$`);

const wrongFormat =
  'quantities must match the regular expression ' +
  "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const wrongNumber = 'unable to parse numeric part of quantity';
const wrongSuffix = "unable to parse quantity's suffix";

/**
 * Reads `1.5Gi`, `500m`, `3e6`. As in the API, a number without digits is zero, but for the empty text. Throws
 * {@link QuantityError}.
 */
export function parseQuantity(text: string): ParsedQuantity {
  const match = text === '' || text.length > textMax ? null : grammar.exec(text);
  if (match === null) throw new QuantityError(wrongFormat);
  const [, sign, digits = '', fraction = '', suffixText = ''] = match;
  const whole = digits === '' ? '0' : digits;
  const suffix = suffixOf(suffixText);
  const magnitude = BigInt(whole + fraction);
  const scaled = nanosOf(magnitude, fraction.length, suffix);
  const nanos = suffix.base === 2 && scaled > binaryMax ? binaryMax : scaled;
  const isFraction = suffix.base === 2 && nanos > 0n && nanos < 10n ** 9n;
  return {
    nanos: sign === '-' ? -nanos : nanos,
    format: isFraction ? 'decimal-si' : suffix.format,
    isShownAsWritten: isShownAsWritten(whole, fraction, magnitude, suffix),
  };
}

/** `magnitude / 10^fractionDigits` with its suffix, in billionths, rounded up. */
function nanosOf(magnitude: bigint, fractionDigits: number, suffix: Suffix): bigint {
  if (magnitude === 0n) return 0n;
  const amount = suffix.base === 2 ? magnitude << BigInt(suffix.exponent) : magnitude;
  const shift = nanoDigits - fractionDigits + (suffix.base === 10 ? suffix.exponent : 0);
  if (shift >= 0) return amount * 10n ** BigInt(shift);
  // However small, it stays more than nothing.
  if (-shift > amount.toString().length) return 1n;
  const divisor = 10n ** BigInt(-shift);
  return (amount + divisor - 1n) / divisor;
}

/**
 * Short texts whose exponent is a multiple of three, or binary ones that are no multiple of eight, count as canonical already;
 * what the API promises to clients who compare texts.
 */
function isShownAsWritten(
  whole: string,
  fraction: string,
  magnitude: bigint,
  suffix: Suffix,
): boolean {
  if (suffix.base === 2) {
    const digits = whole.length + Math.trunc((suffix.exponent * 3) / 10) + 1;
    return fraction === '' && digits <= shortBinaryDigits && (magnitude & 7n) !== 0n;
  }
  const shifted = whole + fraction;
  const scale = suffix.exponent - fraction.length;
  if (shifted.length > shortDigits || scale < -nanoDigits) return false;
  return scale % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0');
}

const suffixes: ReadonlyMap<string, Suffix> = new Map([
  ...['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'].map(
    (text, at) =>
      [text, { base: 10, exponent: 3 * (at - 3), format: 'decimal-si' }] as [string, Suffix],
  ),
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map(
    (text, at) =>
      [text, { base: 2, exponent: 10 * (at + 1), format: 'binary-si' }] as [string, Suffix],
  ),
]);

function suffixOf(text: string): Suffix {
  const known = suffixes.get(text);
  if (known !== undefined) return known;
  const exponent = /^[eE]([+-]?[0-9]+)$/.exec(text)?.[1];
  if (exponent === undefined) throw new QuantityError(wrongSuffix);
  const value = Number(exponent);
  if (value > exponentMax) throw new QuantityError(wrongNumber);
  return { base: 10, exponent: Math.max(value, exponentMin), format: 'decimal-exponent' };
}
