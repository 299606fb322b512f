import { assert } from '../../base/assert.js';
import { emptyBytes, getSafeUint64, setSafeUint64, viewOf } from '../../base/bytes.js';
import type { Entry, EntryKind, Term } from '../core/types.js';
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

/**
 * Encodes entries with consecutive indexes, as pieces to be written one after the other; the list may be empty. Entries
 * that lie in memory as they are encoded, head and data, one after the other, are one piece and not copied: those made in
 * {@link EntryRoom} and those that {@link decodeEntries} gave. Nobody changes them as long as the pieces are in use.
 */
export function encodeEntries(entries: readonly Entry[]): Uint8Array[] {
  const listHead = new Uint8Array(listHeadBytes);
  const view = viewOf(listHead);
  const firstIndex = entries[0]?.index ?? 0;
  setSafeUint64(view, 0, firstIndex);
  view.setUint32(8, entries.length, true);
  const pieces = new Pieces(listHead);
  let index = firstIndex;
  for (const entry of entries) {
    assert(entry.index === index, 'entries to be encoded are not consecutive');
    pieces.add(entry);
    index++;
  }
  return pieces.finish();
}

/** Joins what is adjacent in memory, and copies what is not there as it is to be written. */
class Pieces {
  readonly #pieces: Uint8Array[];
  #memory: ArrayBufferLike | null = null;
  #view = viewOf(emptyBytes);
  #start = 0;
  #end = 0;

  constructor(first: Uint8Array) {
    this.#pieces = [first];
  }

  add(entry: Entry): void {
    const { data } = entry;
    const start = data.byteOffset - entryHeadBytes;
    if (start >= 0 && this.#memory === data.buffer) {
      if (start === this.#end && hasHead(this.#view, start, entry)) {
        this.#end = data.byteOffset + data.length;
        return;
      }
    }
    this.#flush();
    this.#memory = data.buffer;
    this.#view = new DataView(data.buffer);
    if (start >= 0 && hasHead(this.#view, start, entry)) {
      this.#start = start;
      this.#end = data.byteOffset + data.length;
      return;
    }
    this.#memory = null;
    this.#pieces.push(copyOf(entry));
  }

  finish(): Uint8Array[] {
    this.#flush();
    return this.#pieces;
  }

  #flush(): void {
    if (this.#memory === null) return;
    this.#pieces.push(new Uint8Array(this.#memory, this.#start, this.#end - this.#start));
    this.#memory = null;
  }
}

function copyOf(entry: Entry): Uint8Array {
  const bytes = new Uint8Array(entryHeadBytes + entry.data.length);
  setHead(viewOf(bytes), 0, entry.term, entry.kind, entry.data.length);
  bytes.set(entry.data, entryHeadBytes);
  return bytes;
}

/** An entry's data with room for its head before it in memory: made by {@link EntryRoom} or {@link decodeEntries}. */
export type RoomyData = Uint8Array & { readonly [hasRoom]: true };
declare const hasRoom: unique symbol;

/** Blocks of memory from which entries are cut; a larger entry gets a block of its own. */
const roomBytes = 256 * 1024;

/**
 * Memory for the data of entries to come, one after the other, each with room for its head before it. So the entries of a
 * batch are encoded where they lie, once, for the log and for all peers.
 */
export class EntryRoom {
  #block = emptyBytes;
  #used = 0;

  /** Room for one entry's data, to be filled by the caller. */
  allocate(length: number): RoomyData {
    const bytes = entryHeadBytes + length;
    if (bytes > roomBytes / 4) return uncleared(bytes).subarray(entryHeadBytes) as RoomyData;
    if (this.#used + bytes > this.#block.length) {
      this.#block = uncleared(roomBytes);
      this.#used = 0;
    }
    const start = this.#used + entryHeadBytes;
    this.#used += bytes;
    return this.#block.subarray(start, start + length) as RoomyData;
  }
}

/** Memory that is written before it is read. */
function uncleared(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/**
 * Writes the head of an entry before its data, so that {@link encodeEntries} finds it there. Whoever calls it knows that the
 * memory is in no piece that may still be written.
 */
export function stampEntry(data: RoomyData, term: Term, kind: EntryKind): void {
  assert(data.byteOffset >= entryHeadBytes, 'the entry has no room for its head');
  stampedBlock = data.buffer === stampedBlock.buffer ? stampedBlock : new DataView(data.buffer);
  setHead(stampedBlock, data.byteOffset - entryHeadBytes, term, kind, data.length);
}

/** Of what was stamped last: entries are made in the same block, one after the other. */
let stampedBlock: DataView = new DataView(new ArrayBuffer(0));

/**
 * Decodes what {@link encodeEntries} made, joined. The entries' data are slices of `bytes`, not copies. Throws
 * {@link MalformedEntriesError} unless `bytes` is exactly one list.
 */
export function decodeEntries(bytes: Uint8Array): (Entry & { readonly data: RoomyData })[] {
  const view = viewOf(bytes);
  const { firstIndex, count } = decodeListHead(view);
  const entries: (Entry & { readonly data: RoomyData })[] = new Array(count);
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

function setHead(view: DataView, at: number, term: Term, kind: EntryKind, bytes: number): void {
  view.setUint32(at, term % twoTo32, true);
  view.setUint32(at + 4, upperWord(term, kind), true);
  view.setUint32(at + 8, bytes, true);
}

/** Whether the head at `at` is the entry's. */
function hasHead(view: DataView, at: number, entry: Entry): boolean {
  return (
    view.getUint32(at, true) === entry.term % twoTo32 &&
    view.getUint32(at + 4, true) === upperWord(entry.term, entry.kind) &&
    view.getUint32(at + 8, true) === entry.data.length
  );
}

function upperWord(term: Term, kind: EntryKind): number {
  return Math.floor(term / twoTo32) + (kind === 'normal' ? 0 : 2 ** kindShift);
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

function decodeEntry(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  index: number,
): Entry & { readonly data: RoomyData } {
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
  return { term, index, kind, data: bytes.subarray(start, start + length) as RoomyData };
}
