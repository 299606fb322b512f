import { assert } from '../../base/assert.js';
import { KeyValue } from '../../wire/gen/mvccpb.js';

/** First byte of a revision record: what happened to the key. */
export const recordFlag = { put: 0, tombstone: 1 } as const;

/** What the encoding takes at most beyond the key and the value: flag, tags, lengths, counters and lease. */
const overheadBytesMax = 1 + 2 * (1 + 5) + 3 * (1 + 8) + 1 + 10;

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
 * Writes the record of a put at `offset` and returns where it ends: the flag and the canonical mvccpb.KeyValue, byte for
 * byte what the generated codec makes, but in place and without an allocation. There is room for {@link recordBytesMax}.
 */
export function writePutRecord(target: Uint8Array, offset: number, record: PutRecord): number {
  target[offset] = recordFlag.put;
  let at = writeBytes(target, offset + 1, 10, record.key);
  at = writeCounter(target, at, 16, record.createRevision);
  at = writeCounter(target, at, 24, record.modRevision);
  at = writeCounter(target, at, 32, record.version);
  at = writeBytes(target, at, 42, record.value);
  if (record.lease !== 0n) at = writeLease(target, at, record.lease);
  return at;
}

/** Writes the record of a delete: the flag and a KeyValue with key and mod_revision. Returns where it ends. */
export function writeTombstone(
  target: Uint8Array,
  offset: number,
  key: Uint8Array,
  modRevision: number,
): number {
  target[offset] = recordFlag.tombstone;
  const at = writeBytes(target, offset + 1, 10, key);
  return writeCounter(target, at, 24, modRevision);
}

/** True for a delete. The record is one of ours or was checked by {@link decodeRecord}. */
export function isTombstone(record: Uint8Array): boolean {
  return record[0] === recordFlag.tombstone;
}

/** The encoded mvccpb.KeyValue of a record, sharing its memory. */
export function recordKeyValue(record: Uint8Array): Uint8Array {
  return record.subarray(1);
}

/** Decodes a record; its bytes fields share the record's memory. Throws WireError when it is malformed. */
export function decodeRecord(record: Uint8Array): KeyValue {
  return KeyValue.decode(record.subarray(1));
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

/** Writes a safe non-negative integer. */
function writeVarint(target: Uint8Array, offset: number, value: number): number {
  assert(value >= 0, 'a counter is negative');
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    target[at++] = (rest % 0x80) + 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[at] = rest;
  return at + 1;
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
