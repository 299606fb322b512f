/**
 * Small operations on byte strings. Free of Node's types, so that the consensus core may use them too. Multi-byte
 * integers are little-endian, as everything that this project lays out itself.
 */

/** The empty byte string. */
export const emptyBytes: Uint8Array = new Uint8Array(0);

/** A view for reading and writing integers in `bytes`; offsets are relative to the start of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Unsigned bytewise order: negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** True when both hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** A new byte string of all parts, in order. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += hexOfByte[byte];
  return hex;
}

/** The bytes of a hex string in either case, or null when it is not one. */
export function fromHex(hex: string): Uint8Array | null {
  if (hex.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(hex)) return null;
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The part of Node's Buffer that is wanted here; absent where there is no Node. */
interface NativeLatin1 {
  readonly prototype: { latin1Slice?(this: Uint8Array, from: number, to: number): string };
  from(
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ): { toString(encoding: 'latin1'): string; write(text: string, encoding: 'latin1'): number };
}
const native = (globalThis as { readonly Buffer?: NativeLatin1 }).Buffer;
const nativeSlice = native?.prototype.latin1Slice;

/** Up to here a call into native code costs more than it saves. */
const shortText = 16;
const shortBytes = 64;
/** Argument counts far beyond this may overflow the stack in `String.fromCharCode`. */
const charsPerCall = 4096;

/**
 * One character a byte. It round-trips through {@link fromLatin1}, and `<` on the strings is byte order, so it is the
 * form in which a key is used in a Map or a tree.
 */
export function toLatin1(bytes: Uint8Array): string {
  if (bytes.length > shortText && native !== undefined) {
    return native.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  }
  if (bytes.length <= charsPerCall) return charsOf(bytes);
  let text = '';
  for (let i = 0; i < bytes.length; i += charsPerCall) {
    text += charsOf(bytes.subarray(i, i + charsPerCall));
  }
  return text;
}

/** {@link toLatin1} of the bytes from `from` to before `to`, without a view of them where Node allows it. */
export function latin1Between(bytes: Uint8Array, from: number, to: number): string {
  return nativeSlice === undefined
    ? toLatin1(bytes.subarray(from, to))
    : nativeSlice.call(bytes, from, to);
}

/** The bytes of a string whose characters are all below 256; the inverse of {@link toLatin1}. */
export function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  if (text.length > shortBytes && native !== undefined) {
    native.from(bytes.buffer, 0, bytes.length).write(text, 'latin1');
    return bytes;
  }
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function charsOf(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

const twoTo32 = 0x1_0000_0000;

/** Writes a safe non-negative integer as 64 bits. */
export function setSafeUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % twoTo32, true);
  view.setUint32(offset + 4, Math.floor(value / twoTo32), true);
}

/** Reads 64 bits as a number; at 2^53 and above the result is not safe, and the caller refuses it. */
export function getSafeUint64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * twoTo32 + view.getUint32(offset, true);
}
