import { viewOf } from '../../base/bytes.js';
import { crc32 } from '../../host/crc32.js';
import { getUint64, getWord, putUint64, putWord } from '../schema/keys.js';

/**
 * A file of large values (docs/internals/data-layout.md, "Large values"): a head that names the keys, then the values back to back.
 * It is written once, as a whole. Integers are big-endian.
 */

/** Where a value is, and its CRC-32. The database has this in the value's place. */
export interface ValuePlace {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
  readonly checksum: number;
}

/** A value and the key that it belongs to. */
export interface KeptValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What a file's head says of one of its values. */
export interface KeptPlace {
  readonly key: Uint8Array;
  readonly place: ValuePlace;
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

const placeMark = Uint8Array.of(0xff, ...ascii('place'), 0xff, 0);
const placeBytes = 28;
const fileMark = ascii('FLOTVAL1');
/** The mark, the head's length and the number of values. */
const fixedHeadBytes = 16;
/** Of each value: the lengths of its key and of itself, and its checksum. */
const entryFixedBytes = 12;
const checksumBytes = 4;

/** Whether a value must not be in the database as it is, because it would be taken for a place. */
export function looksLikePlace(value: Uint8Array): boolean {
  return value[0] === 0xff && startsWith(value, placeMark);
}

/** What stands in the database in the place of a value. */
export function encodePlace(place: ValuePlace): Uint8Array {
  const bytes = new Uint8Array(placeBytes);
  bytes.set(placeMark);
  putUint64(bytes, 8, place.file);
  putWord(bytes, 16, place.offset);
  putWord(bytes, 20, place.length);
  putWord(bytes, 24, place.checksum);
  return bytes;
}

/** The place that a value from the database stands for; null when it is a value itself. */
export function decodePlace(value: Uint8Array): ValuePlace | null {
  if (value.length !== placeBytes || !looksLikePlace(value)) return null;
  return {
    file: getUint64(value, 8),
    offset: getWord(value, 16),
    length: getWord(value, 20),
    checksum: getWord(value, 24),
  };
}

/** The head of file `file` for these values, and their places in it. */
export function encodeHead(
  file: number,
  values: readonly KeptValue[],
): { readonly head: Uint8Array; readonly places: readonly ValuePlace[] } {
  let length = fixedHeadBytes + checksumBytes;
  for (const { key } of values) length += entryFixedBytes + key.length;
  const head = new Uint8Array(length);
  head.set(fileMark);
  putWord(head, 8, length);
  putWord(head, 12, values.length);
  const places: ValuePlace[] = [];
  let at = fixedHeadBytes;
  let offset = length;
  for (const { key, value } of values) {
    const checksum = crc32(value);
    places.push({ file, offset, length: value.length, checksum });
    putWord(head, at, key.length);
    putWord(head, at + 4, value.length);
    putWord(head, at + 8, checksum);
    head.set(key, at + entryFixedBytes);
    at += entryFixedBytes + key.length;
    offset += value.length;
  }
  putWord(head, at, crc32(head.subarray(0, at)));
  return { head, places };
}

/** How long the head is of which these are the first {@link fixedHeadBytes} bytes or more; null when they begin none. */
export function headLength(start: Uint8Array): number | null {
  if (start.length < fixedHeadBytes || !startsWith(start, fileMark)) return null;
  return getWord(start, 8);
}

/** Reads what {@link encodeHead} made; null when it is damaged, or was not written to its end. */
export function decodeHead(file: number, head: Uint8Array): readonly KeptPlace[] | null {
  const end = head.length - checksumBytes;
  if (end < fixedHeadBytes || headLength(head) !== head.length) return null;
  if (crc32(head.subarray(0, end)) !== viewOf(head).getUint32(end)) return null;
  const kept: KeptPlace[] = [];
  let at = fixedHeadBytes;
  let offset = head.length;
  for (let left = getWord(head, 12); left > 0; left--) {
    const keyAt = at + entryFixedBytes;
    const keyEnd = keyAt + getWord(head, at);
    const length = getWord(head, at + 4);
    const checksum = getWord(head, at + 8);
    kept.push({ key: head.slice(keyAt, keyEnd), place: { file, offset, length, checksum } });
    at = keyEnd;
    offset += length;
  }
  return kept;
}

function startsWith(bytes: Uint8Array, mark: Uint8Array): boolean {
  return bytes.length >= mark.length && mark.every((byte, i) => bytes[i] === byte);
}
