import { JsonNumber, type JsonValue } from './json-text.js';

/** Kinds of integers. */
export type IntegerKind = 'int32' | 'uint32' | 'int64' | 'uint64';

const bounds: Readonly<Record<IntegerKind, readonly [least: bigint, most: bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

const decimal = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** No number with more characters is one of 64 bits, unless it was written to be hard to read. */
const textLengthMax = 64;
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * An integer, written as a number or as a string with one: `12`, `"12"`, `1.2e1`. Undefined for anything else and for what is
 * out of the kind's range. Counters come out as numbers, and beyond the safe ones as the last of them (src/wire/int64.ts).
 */
export function readInteger(
  value: JsonValue,
  { kind, isNumber }: { readonly kind: IntegerKind; readonly isNumber: boolean },
): number | bigint | undefined {
  const text = value instanceof JsonNumber ? value.text : value;
  if (typeof text !== 'string') return undefined;
  const integer = integerOf(text);
  const [least, most] = bounds[kind];
  if (integer === undefined || integer < least || integer > most) return undefined;
  if (kind === 'int32' || kind === 'uint32') return Number(integer);
  if (!isNumber) return integer;
  if (integer > safeMax) return Number.MAX_SAFE_INTEGER;
  return integer < -safeMax ? Number.MIN_SAFE_INTEGER : Number(integer);
}

function integerOf(text: string): bigint | undefined {
  if (text.length > textLengthMax) return undefined;
  const [, sign, whole, fraction = '', exponentText = '0'] = decimal.exec(text) ?? [];
  if (sign === undefined || whole === undefined || /^0\d/.test(whole)) return undefined;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > textLengthMax) return undefined;
  const digits = whole + fraction;
  const zeros = exponent - fraction.length;
  const cut = Math.min(digits.length, Math.max(0, -zeros));
  if (/[1-9]/.test(digits.slice(digits.length - cut))) return undefined;
  const kept = digits.slice(0, digits.length - cut) + '0'.repeat(Math.max(0, zeros));
  const magnitude = BigInt(kept === '' ? '0' : kept);
  return sign === '-' ? -magnitude : magnitude;
}

const base64 = /^[A-Za-z0-9+/]*$/;
const base64Url = /^[A-Za-z0-9_-]*$/;

/** Bytes in base64, of either alphabet, with padding or without. Undefined for anything else. */
export function readBytes(value: JsonValue): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined;
  const digits = value.length % 4 === 0 ? value.replace(/={1,2}$/, '') : value;
  if (digits.length % 4 === 1) return undefined;
  const isUrl = /[-_]/.test(digits);
  if (!(isUrl ? base64Url : base64).test(digits)) return undefined;
  return new Uint8Array(Buffer.from(digits, isUrl ? 'base64url' : 'base64'));
}
