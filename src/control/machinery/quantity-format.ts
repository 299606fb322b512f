import type { QuantityFormat } from './quantity.js';

const nanosPerUnit = 1_000_000_000n;
const binaryThreshold = 1024n * nanosPerUnit;
/** Suffixes of the powers of 1000 from nano on. */
const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
/** Suffixes of the powers of 1024. */
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const unitsAt = 3;

/**
 * The canonical text of an amount in billionths. In binary format, what is less than 1024 or not whole has decimal suffixes, as
 * nothing may be lost.
 */
export function formatNanos(nanos: bigint, format: QuantityFormat): string {
  if (nanos === 0n) return '0';
  if (format === 'decimal-exponent') return formatExponent(nanos);
  const isBinary =
    format === 'binary-si' &&
    (nanos >= binaryThreshold || nanos <= -binaryThreshold) &&
    nanos % nanosPerUnit === 0n;
  return isBinary
    ? withSuffix(nanos / nanosPerUnit, 1024n, binarySuffixes)
    : withSuffix(nanos, 1000n, decimalSuffixes);
}

function formatExponent(nanos: bigint): string {
  const { mantissa, power } = withoutFactors(nanos, 1000n, Number.POSITIVE_INFINITY);
  return power === unitsAt ? `${mantissa}` : `${mantissa}e${3 * (power - unitsAt)}`;
}

function withSuffix(amount: bigint, base: bigint, suffixes: readonly string[]): string {
  const { mantissa, power } = withoutFactors(amount, base, suffixes.length - 1);
  return `${mantissa}${suffixes[power]}`;
}

/** `amount` is `mantissa * base ** power` with the largest power up to `max`; the amount is not zero. */
function withoutFactors(
  amount: bigint,
  base: bigint,
  max: number,
): { mantissa: bigint; power: number } {
  let mantissa = amount;
  let power = 0;
  while (power < max && mantissa % base === 0n) {
    mantissa /= base;
    power++;
  }
  return { mantissa, power };
}
