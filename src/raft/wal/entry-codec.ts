import { assert } from '../../base/assert.js';
import { getSafeUint64, setSafeUint64, viewOf } from '../../base/bytes.js';
import type { Entry, EntryKind } from '../core/types.js';
import { MalformedEntriesError } from './errors.js';

/**
 * Entries as bytes: the same on the wire and in the log (docs/internals/log-format.md). A list is its first index and
 * its count, then for each entry a 12-byte head and the data. Indexes are consecutive, so only the first is written.
 */

const listHeadBytes = 12;
const entryHeadBytes = 12;
/** The kind shares a word with the term's upper bits: a term is below 2^53. */
const kindShift = 24;
const termHighMask = (1 << kindShift) - 1;
const twoTo32 = 0x1_0000_0000;
const kinds: readonly EntryKind[] = ['normal', 'config'];

/** Size of {@link encodeEntries}' result. */
export function entriesByteLength(entries: readonly Entry[]): number {
  let length = listHeadBytes;
  for (const entry of entries) length += entryHeadBytes + entry.data.length;
  return length;
}

/** Encodes entries with consecutive indexes; the list may be empty. */
export function encodeEntries(entries: readonly Entry[]): Uint8Array {
  const bytes = new Uint8Array(entriesByteLength(entries));
  encodeEntriesInto(bytes, 0, entries);
  return bytes;
}

/** Encodes into `target` from `offset`, which has room; returns the offset after. */
export function encodeEntriesInto(
  target: Uint8Array,
  offset: number,
  entries: readonly Entry[],
): number {
  const view = viewOf(target);
  const firstIndex = entries[0]?.index ?? 0;
  setSafeUint64(view, offset, firstIndex);
  view.setUint32(offset + 8, entries.length, true);
  let at = offset + listHeadBytes;
  let index = firstIndex;
  for (const entry of entries) {
    assert(entry.index === index, `entry ${entry.index} is not consecutive, expected ${index}`);
    encodeEntryHead(view, at, entry);
    target.set(entry.data, at + entryHeadBytes);
    at += entryHeadBytes + entry.data.length;
    index++;
  }
  return at;
}

/**
 * Decodes what {@link encodeEntries} made. The entries' data are slices of `bytes`, not copies. Throws
 * {@link MalformedEntriesError} unless `bytes` is exactly one list.
 */
export function decodeEntries(bytes: Uint8Array): Entry[] {
  const view = viewOf(bytes);
  const { firstIndex, count } = decodeListHead(view);
  const entries: Entry[] = new Array(count);
  let at = listHeadBytes;
  for (let i = 0; i < count; i++) {
    const entry = decodeEntry(bytes, view, at, firstIndex + i);
    entries[i] = entry;
    at += entryHeadBytes + entry.data.length;
  }
  if (at !== bytes.length) {
    throw new MalformedEntriesError(
      `${bytes.length - at} bytes follow the last of ${count} entries`,
    );
  }
  return entries;
}

function encodeEntryHead(view: DataView, at: number, entry: Entry): void {
  const kind = kinds.indexOf(entry.kind);
  view.setUint32(at, entry.term % twoTo32, true);
  view.setUint32(at + 4, Math.floor(entry.term / twoTo32) + kind * 2 ** kindShift, true);
  view.setUint32(at + 8, entry.data.length, true);
}

function decodeListHead(view: DataView): { firstIndex: number; count: number } {
  if (view.byteLength < listHeadBytes) {
    throw new MalformedEntriesError(`${view.byteLength} bytes cannot hold a list of entries`);
  }
  const firstIndex = getSafeUint64(view, 0);
  const count = view.getUint32(8, true);
  if (count > (view.byteLength - listHeadBytes) / entryHeadBytes) {
    throw new MalformedEntriesError(`${view.byteLength} bytes cannot hold ${count} entries`);
  }
  if (!Number.isSafeInteger(firstIndex + count) || (firstIndex === 0 && count > 0)) {
    throw new MalformedEntriesError(
      `first index ${firstIndex} of ${count} entries is out of range`,
    );
  }
  return { firstIndex, count };
}

function decodeEntry(bytes: Uint8Array, view: DataView, at: number, index: number): Entry {
  const start = at + entryHeadBytes;
  if (start > bytes.length) throw new MalformedEntriesError(`entry ${index} has no head`);
  const high = view.getUint32(at + 4, true);
  const kind = kinds[high >>> kindShift];
  const term = (high & termHighMask) * twoTo32 + view.getUint32(at, true);
  const length = view.getUint32(at + 8, true);
  if (kind === undefined) {
    throw new MalformedEntriesError(`entry ${index} is of unknown kind ${high >>> kindShift}`);
  }
  if (!Number.isSafeInteger(term)) {
    throw new MalformedEntriesError(`entry ${index} has term ${term}, which is out of range`);
  }
  if (length > bytes.length - start) {
    throw new MalformedEntriesError(`entry ${index} of ${length} bytes goes beyond the end`);
  }
  return { term, index, kind, data: bytes.subarray(start, start + length) };
}
