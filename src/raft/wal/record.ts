import { getSafeUint64, setSafeUint64, viewOf } from '../../base/bytes.js';
import { memberId } from '../../base/ids.js';
import type { Entry, HardState, Index, Term } from '../core/types.js';
import { decodeEntries, encodeEntries, entriesByteLength } from './entry-codec.js';

/** What one append makes durable, as a unit. Read back in this order: the snapshot resets the log, entries follow it. */
export interface WalRecord {
  readonly hardState: HardState | null;
  /** The log starts after this entry and all before is dropped. Membership is in the snapshot file. */
  readonly snapshot: { readonly index: Index; readonly term: Term } | null;
  readonly entries: readonly Entry[];
}

const recordHeadBytes = 8;
const hardStateBytes = 24;
const snapshotBytes = 16;
const zeros = new Uint8Array(8);
const hasHardState = 1;
const hasSnapshot = 2;
const hasEntries = 4;

/** Rounds up to the alignment of everything in the log. */
export function aligned(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** Encodes a record, padded with zeros to a multiple of 8 bytes, as pieces that share the entries' memory. */
export function encodeRecord(record: WalRecord): { pieces: Uint8Array[]; byteLength: number } {
  const { hardState, snapshot, entries } = record;
  const fixedBytes =
    recordHeadBytes + (hardState ? hardStateBytes : 0) + (snapshot ? snapshotBytes : 0);
  const entriesBytes = entries.length > 0 ? entriesByteLength(entries) : 0;
  const fixed = new Uint8Array(fixedBytes);
  const view = viewOf(fixed);
  view.setUint32(0, fixedBytes - recordHeadBytes + entriesBytes, true);
  view.setUint32(
    4,
    (hardState ? hasHardState : 0) |
      (snapshot ? hasSnapshot : 0) |
      (entries.length > 0 ? hasEntries : 0),
    true,
  );
  let at = recordHeadBytes;
  if (hardState) at = setHardState(view, at, hardState);
  if (snapshot) {
    setSafeUint64(view, at, snapshot.index);
    setSafeUint64(view, at + 8, snapshot.term);
  }
  const byteLength = aligned(fixedBytes + entriesBytes);
  const pieces: Uint8Array[] = [fixed];
  if (entries.length > 0) pieces.push(...encodeEntries(entries));
  const padding = byteLength - fixedBytes - entriesBytes;
  if (padding > 0) pieces.push(zeros.subarray(0, padding));
  return { pieces, byteLength };
}

/**
 * Decodes the records of one frame; the entries' data are slices of `payload`. Throws an error that tells what is wrong
 * when `payload` is not a whole number of records.
 */
export function decodeRecords(payload: Uint8Array, count: number): WalRecord[] {
  const records: WalRecord[] = [];
  let at = 0;
  while (records.length < count) {
    if (at + recordHeadBytes > payload.length)
      throw new Error(`record ${records.length} is missing`);
    const length = viewOf(payload).getUint32(at, true);
    const flags = viewOf(payload).getUint32(at + 4, true);
    const start = at + recordHeadBytes;
    if (length > payload.length - start) throw new Error(`record ${records.length} is cut short`);
    records.push(decodeBody(payload.subarray(start, start + length), flags));
    at = aligned(start + length);
  }
  if (at !== payload.length) throw new Error(`bytes follow the last of ${count} records`);
  return records;
}

function decodeBody(body: Uint8Array, flags: number): WalRecord {
  const view = viewOf(body);
  const fixedLength =
    (flags & hasHardState ? hardStateBytes : 0) + (flags & hasSnapshot ? snapshotBytes : 0);
  if (flags > (hasHardState | hasSnapshot | hasEntries) || body.length < fixedLength) {
    throw new Error(`record of ${body.length} bytes with flags ${flags} is unknown`);
  }
  const hardState = flags & hasHardState ? getHardState(view, 0) : null;
  const snapshotAt = hardState ? hardStateBytes : 0;
  const snapshot =
    flags & hasSnapshot
      ? { index: getSafeUint64(view, snapshotAt), term: getSafeUint64(view, snapshotAt + 8) }
      : null;
  const entries = flags & hasEntries ? decodeEntries(body.subarray(fixedLength)) : [];
  return { hardState, snapshot, entries };
}

/** Writes a hard state as 24 bytes; returns the offset after. */
export function setHardState(view: DataView, at: number, hardState: HardState): number {
  setSafeUint64(view, at, hardState.term);
  view.setBigUint64(at + 8, hardState.vote, true);
  setSafeUint64(view, at + 16, hardState.commit);
  return at + hardStateBytes;
}

/** Reads what {@link setHardState} wrote. */
export function getHardState(view: DataView, at: number): HardState {
  return {
    term: getSafeUint64(view, at),
    vote: memberId(view.getBigUint64(at + 8, true)),
    commit: getSafeUint64(view, at + 16),
  };
}
