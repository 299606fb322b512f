import { assert } from '../base/assert.js';

/**
 * The one place where 64-bit integers change form. On the wire they are two 32-bit words (low, high). In the program an
 * opaque id is a `bigint`, exact over all 64 bits; a counter (a field marked `jstype = JS_NUMBER`) is a `number`.
 *
 * Past the safe range a counter is clamped to ±Number.MAX_SAFE_INTEGER when it is decoded. No counter of ours gets
 * there (a revision a nanosecond takes 104 days), so such a value is a peer's way to say "no bound", and clamped it
 * still compares as that. Encoding a counter that is not a safe integer is a bug and fails an assertion.
 */

const wordSize = 0x1_0000_0000;
const scratch = new DataView(new ArrayBuffer(8));

/** The signed 64-bit integer of two words as a counter, clamped to the safe range. */
export function int64ToNumber(low: number, high: number): number {
  const value = (high | 0) * wordSize + (low >>> 0);
  if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
  if (value < Number.MIN_SAFE_INTEGER) return Number.MIN_SAFE_INTEGER;
  return value;
}

/** The unsigned 64-bit integer of two words as a counter, clamped to the safe range. */
export function uint64ToNumber(low: number, high: number): number {
  const value = (high >>> 0) * wordSize + (low >>> 0);
  return Math.min(value, Number.MAX_SAFE_INTEGER);
}

/** The signed 64-bit integer of two words as an id. */
export function int64ToBigint(low: number, high: number): bigint {
  scratch.setUint32(0, low, true);
  scratch.setUint32(4, high, true);
  return scratch.getBigInt64(0, true);
}

/** The unsigned 64-bit integer of two words as an id. */
export function uint64ToBigint(low: number, high: number): bigint {
  scratch.setUint32(0, low, true);
  scratch.setUint32(4, high, true);
  return scratch.getBigUint64(0, true);
}

/** The low word of a counter in two's complement, as an unsigned 32-bit integer. */
export function lowWordOfNumber(value: number): number {
  return (value % wordSize) >>> 0;
}

/** The high word of a counter in two's complement, as an unsigned 32-bit integer. */
export function highWordOfNumber(value: number): number {
  return Math.floor(value / wordSize) >>> 0;
}

/** Asserts that a counter can be encoded as a signed 64-bit integer without loss. */
export function assertInt64Number(value: number): void {
  assert(Number.isSafeInteger(value), 'an int64 counter is not a safe integer');
}

/** Asserts that a counter can be encoded as an unsigned 64-bit integer without loss. */
export function assertUint64Number(value: number): void {
  assert(Number.isSafeInteger(value), 'a uint64 counter is not a safe integer');
  assert(value >= 0, 'a uint64 counter is negative');
}

/** The low word of an id, as an unsigned 32-bit integer. */
export function lowWordOfBigint(value: bigint): number {
  scratch.setBigInt64(0, value, true);
  return scratch.getUint32(0, true);
}

/** The high word of an id, as an unsigned 32-bit integer. */
export function highWordOfBigint(value: bigint): number {
  scratch.setBigInt64(0, value, true);
  return scratch.getUint32(4, true);
}

/** Asserts that an id fits a signed 64-bit integer. */
export function assertInt64Bigint(value: bigint): void {
  assert(BigInt.asIntN(64, value) === value, 'an int64 id does not fit 64 bits');
}

/** Asserts that an id fits an unsigned 64-bit integer. */
export function assertUint64Bigint(value: bigint): void {
  assert(BigInt.asUintN(64, value) === value, 'a uint64 id does not fit 64 bits');
}
