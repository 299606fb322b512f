import { assert } from '../../base/assert.js';
import { KeyValue } from '../../wire/gen/mvccpb.js';
import { writeVarint } from '../../wire/varint.js';
import { getUint64, getWord, putUint64, putWord } from './keys.js';

/**
 * A revision record: a header of 16 bytes, then the canonical mvccpb.KeyValue. The header is the revision (main u64, sub
 * u32) and a u32 with the length of the KeyValue, whose top bit says that the change is a delete. So records that lie back
 * to back can be told apart, and a stretch of them is a pack as it is.
 */
export const recordHeaderBytes = 16;
const tombstoneBit = 0x8000_0000;
/** Lengths of KeyValues and subs are below it. */
export const recordFieldLimit = tombstoneBit;

/** Tag of KeyValue.key. */
const keyTag = 10;

/** What the encoding takes at most beyond the key and the value: header, tags, lengths, counters and lease. */
const overheadBytesMax = recordHeaderBytes + 2 * (1 + 5) + 3 * (1 + 8) + 1 + 10;

/** Upper bound of what {@link writePutRecord} or {@link writeTombstone} writes. */
export function recordBytesMax(keyBytes: number, valueBytes: number): number {
  return keyBytes + valueBytes + overheadBytesMax;
}

/** What a put stores. */
export interface PutRecord {
  readonly key: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly value: Uint8Array;
  readonly lease: bigint;
}

/**
 * Writes the record of a put, change `sub` of its revision, at `offset` and returns where it ends. The KeyValue is byte for
 * byte what the generated codec makes, but in place and without an allocation. There is room for {@link recordBytesMax}.
 */
export function writePutRecord(
  target: Uint8Array,
  offset: number,
  sub: number,
  record: PutRecord,
): number {
  const from = offset + recordHeaderBytes;
  let at = writeBytes(target, from, keyTag, record.key);
  at = writeCounter(target, at, 16, record.createRevision);
  at = writeCounter(target, at, 24, record.modRevision);
  at = writeCounter(target, at, 32, record.version);
  at = writeBytes(target, at, 42, record.value);
  if (record.lease !== 0n) at = writeLease(target, at, record.lease);
  writeHeader(target, offset, record.modRevision, sub, at - from);
  return at;
}

/** Writes the record of a delete: a KeyValue with key and mod_revision. Returns where it ends. */
export function writeTombstone(
  target: Uint8Array,
  offset: number,
  sub: number,
  key: Uint8Array,
  modRevision: number,
): number {
  const from = offset + recordHeaderBytes;
  const at = writeCounter(target, writeBytes(target, from, keyTag, key), 24, modRevision);
  writeHeader(target, offset, modRevision, sub, at - from + tombstoneBit);
  return at;
}

/** The main revision of the record at `offset`. */
export function recordMain(bytes: Uint8Array, offset: number): number {
  return getUint64(bytes, offset);
}

/** Place of the record at `offset` among the changes of its revision. */
export function recordSub(bytes: Uint8Array, offset: number): number {
  return getWord(bytes, offset + 8);
}

/** Where the record at `offset` ends. */
export function recordEnd(bytes: Uint8Array, offset: number): number {
  const length = getWord(bytes, offset + 12);
  return offset + recordHeaderBytes + (length >= tombstoneBit ? length - tombstoneBit : length);
}

/** True for a delete. */
export function isTombstone(record: Uint8Array): boolean {
  return (record[12] as number) >= 0x80;
}

/** The encoded mvccpb.KeyValue of a record, sharing its memory. */
export function recordKeyValue(record: Uint8Array): Uint8Array {
  return record.subarray(recordHeaderBytes);
}

/** The key of a record that is ours or was checked by {@link decodeRecord}, sharing its memory: the first field. */
export function recordKey(record: Uint8Array): Uint8Array {
  const tagAt = recordHeaderBytes;
  assert(record[tagAt] === keyTag, 'a record without a key');
  let length = 0;
  let unit = 1;
  for (let at = tagAt + 1; ; at++) {
    const byte = record[at] as number;
    length += (byte & 0x7f) * unit;
    if (byte < 0x80) return record.subarray(at + 1, at + 1 + length);
    unit *= 0x80;
  }
}

/** Decodes a record; its bytes fields share the record's memory. Throws WireError when it is malformed. */
export function decodeRecord(record: Uint8Array): KeyValue {
  return KeyValue.decode(record.subarray(recordHeaderBytes));
}

/** Writes a record's header; `lengthAndKind` is the length of the KeyValue, with the top bit set for a delete. */
export function writeHeader(
  target: Uint8Array,
  offset: number,
  main: number,
  sub: number,
  lengthAndKind: number,
): void {
  assert(sub < recordFieldLimit, 'one revision changes too many keys');
  putUint64(target, offset, main);
  putWord(target, offset + 8, sub);
  putWord(target, offset + 12, lengthAndKind);
}

function writeBytes(target: Uint8Array, offset: number, tag: number, bytes: Uint8Array): number {
  if (bytes.length === 0) return offset;
  target[offset] = tag;
  const at = writeVarint(target, offset + 1, bytes.length);
  target.set(bytes, at);
  return at + bytes.length;
}

function writeCounter(target: Uint8Array, offset: number, tag: number, value: number): number {
  if (value === 0) return offset;
  target[offset] = tag;
  return writeVarint(target, offset + 1, value);
}

function writeLease(target: Uint8Array, offset: number, lease: bigint): number {
  target[offset] = 48;
  let at = offset + 1;
  let rest = BigInt.asUintN(64, lease);
  while (rest >= 0x80n) {
    target[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  target[at] = Number(rest);
  return at + 1;
}
