/** A key or value as callers give it; strings are encoded as UTF-8. */
export type BytesLike = string | Uint8Array;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** UTF-8 bytes of a string; bytes as they are. */
export function toBytes(value: BytesLike): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value;
}

/** The text of UTF-8 bytes; malformed sequences become U+FFFD. */
export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The smallest key, which as a range end means "no end" (etcd's convention). */
export const zeroKey: Uint8Array = new Uint8Array([0]);

/**
 * The end of the range of all keys that start with `prefix`: the prefix with its last byte below 0xff increased and cut
 * there. An empty prefix, or one of 0xff only, has no end: {@link zeroKey}.
 */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const byte = prefix[i] as number;
    if (byte < 0xff) {
      // A copy: `slice` of a Buffer is none.
      const end = new Uint8Array(prefix.subarray(0, i + 1));
      end[i] = byte + 1;
      return end;
    }
  }
  return zeroKey;
}

/** Which keys a request is about: one key, all with a prefix, all from a key on, or a half-open range. */
export type KeyTarget =
  | BytesLike
  | { readonly key: BytesLike; readonly rangeEnd?: BytesLike }
  | { readonly prefix: BytesLike }
  | { readonly from: BytesLike };

/** `key` and `range_end` of the wire for a target. An empty `rangeEnd` is a single key. */
export function keyRange(target: KeyTarget): { key: Uint8Array; rangeEnd: Uint8Array } {
  if (typeof target === 'string' || target instanceof Uint8Array) {
    return { key: toBytes(target), rangeEnd: emptyKey };
  }
  if ('prefix' in target) {
    const prefix = toBytes(target.prefix);
    return { key: prefix.length === 0 ? zeroKey : prefix, rangeEnd: prefixEnd(prefix) };
  }
  if ('from' in target) {
    const from = toBytes(target.from);
    return { key: from.length === 0 ? zeroKey : from, rangeEnd: zeroKey };
  }
  return { key: toBytes(target.key), rangeEnd: toBytes(target.rangeEnd ?? emptyKey) };
}

/** The key that follows `key` directly in byte order. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

const emptyKey: Uint8Array = new Uint8Array(0);
