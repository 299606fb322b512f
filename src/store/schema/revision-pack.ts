import { getWord, putUint64, putWord } from './keys.js';
import { type AppliedRecord, appliedBytes, damaged, decodeApplied, encodeApplied } from './meta.js';
import { recordEnd, recordHeaderBytes, recordMain, recordSub } from './revision-record.js';

/**
 * Revision records back to back, as one value of the database: it has a price per key, not per byte. The last pack of a
 * batch ends with a trailer: a header of revision 0, then the applied record that the batch leads to.
 */

/**
 * A pack has at most this many bytes, or one record. A read of an old version fetches a whole pack. With 256-byte values, packs of
 * 4, 16 and 64 KiB cost the same to write; a cold read of one key takes 38 us of CPU from packs of 1 or 16 KiB, 51 from 64.
 */
export const packBytesMax = 16 * 1024;
/** A record takes more than the header and a one-byte key, so a pack within its limit has fewer records than this. */
export const packRecordsMax = packBytesMax / recordHeaderBytes;

/** What the trailer takes behind the last pack of a batch. */
export const trailerBytes = recordHeaderBytes + appliedBytes;

/** What a pack is known by: the revision that was its first when it was written. */
export interface PackStart {
  readonly main: number;
  readonly sub: number;
}

/** One pack of a batch. */
export interface Pack extends PackStart {
  /** How many records it has. */
  readonly count: number;
  readonly bytes: Uint8Array;
  /** Behind the bytes, in the same memory, {@link trailerBytes} are free. */
  readonly hasRoom: boolean;
}

/** The pack's bytes with `applied` behind the records; not copied where there is room for it. */
export function withTrailer(
  { bytes, hasRoom }: Pick<Pack, 'bytes' | 'hasRoom'>,
  applied: AppliedRecord,
): Uint8Array {
  const length = bytes.length + trailerBytes;
  const sealed = hasRoom
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, length)
    : new Uint8Array(length);
  if (!hasRoom) sealed.set(bytes);
  putUint64(sealed, bytes.length, 0);
  putWord(sealed, bytes.length + 8, 0);
  putWord(sealed, bytes.length + 12, appliedBytes);
  sealed.set(encodeApplied(applied), bytes.length + recordHeaderBytes);
  return sealed;
}

/** Goes through the records of a pack from the database. */
export class PackCursor {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  /** Number of the present record in the pack, -1 before the first. */
  ordinal = -1;
  main = 0;
  sub = -1;
  /** Where the present record begins and ends. */
  start = 0;
  end = 0;

  /** `at` is the pack's key, for errors. */
  constructor(bytes: Uint8Array, at: PackStart) {
    this.#bytes = bytes;
    this.#name = `pack ${at.main}.${at.sub}`;
    this.main = at.main;
    this.sub = at.sub - 1;
  }

  /** Moves to the next record; false at the end. Throws StoreDataError `damaged` when there is none though there are bytes. */
  next(): boolean {
    const bytes = this.#bytes;
    if (this.end === bytes.length) return false;
    if (this.end + recordHeaderBytes > bytes.length) throw damaged(this.#name);
    const main = recordMain(bytes, this.end);
    if (main === 0) return this.#endAtTrailer();
    const sub = recordSub(bytes, this.end);
    const end = recordEnd(bytes, this.end);
    const ascends = main > this.main || (main === this.main && sub > this.sub);
    if (!ascends || end > bytes.length) throw damaged(this.#name);
    this.start = this.end;
    this.end = end;
    this.main = main;
    this.sub = sub;
    this.ordinal++;
    return true;
  }

  /** The present record, sharing the pack's memory. */
  get record(): Uint8Array {
    return this.#bytes.subarray(this.start, this.end);
  }

  /** What the batch that ended with this pack led to; null unless the cursor is at the end and there is a trailer. */
  get applied(): AppliedRecord | null {
    if (this.end === this.#bytes.length) return null;
    return decodeApplied(this.#bytes.subarray(this.end + recordHeaderBytes));
  }

  #endAtTrailer(): false {
    const bytes = this.#bytes;
    const isWhole =
      this.end + trailerBytes === bytes.length && getWord(bytes, this.end + 12) === appliedBytes;
    if (!isWhole) throw damaged(this.#name);
    return false;
  }
}

/** What the batch that ended with this pack led to; null when it ended with another. Throws StoreDataError `damaged`. */
export function trailerOf(pack: Uint8Array, key: PackStart): AppliedRecord | null {
  const cursor = new PackCursor(pack, key);
  while (cursor.next());
  return cursor.applied;
}

/** A copy of the record at exactly `at`, from the pack with key `key`; undefined when the pack does not have it. */
export function findInPack(
  pack: Uint8Array,
  key: PackStart,
  at: { readonly main: number; readonly sub: number },
): Uint8Array | undefined {
  const cursor = new PackCursor(pack, key);
  while (cursor.next()) {
    if (cursor.main === at.main && cursor.sub === at.sub) return cursor.record.slice();
  }
  return undefined;
}

/** Marks record number `ordinal` of a pack in its dead bits. */
export function markDead(bits: Uint8Array, ordinal: number): void {
  bits[ordinal >> 3] = (bits[ordinal >> 3] ?? 0) | (1 << (ordinal & 7));
}

/** Whether the dead bits mark record number `ordinal`. A pack without any has undefined. */
export function isDead(bits: Uint8Array | undefined, ordinal: number): boolean {
  return bits !== undefined && (((bits[ordinal >> 3] ?? 0) >> (ordinal & 7)) & 1) === 1;
}

/** Dead bits of a pack of `count` records, none of them marked. */
export function noneDead(count: number): Uint8Array {
  return new Uint8Array(Math.ceil(count / 8));
}
