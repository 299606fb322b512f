import { assert } from '../../base/assert.js';
import { type PlainPut, writePlainPut } from '../schema/plain-put.js';
import { type Pack, packBytesMax, trailerBytes } from '../schema/revision-pack.js';
import {
  type PutRecord,
  recordBytesMax,
  recordEnd,
  recordMain,
  writePutRecord,
  writeTombstone,
} from '../schema/revision-record.js';
import type { Revision } from './key-entry.js';
import { RevisionSlab } from './revision-slab.js';

/** A slab holds this many bytes of records; small enough to give memory back smoothly. */
const slabBytesDefault = 1024 * 1024;

/** A pack of this size gets room for a trailer behind it, at the price of what is left of its slab: copying it would cost more. */
const roomyPackBytesMin = slabBytesDefault / 2;

/**
 * The newest part of the history in memory: revision records one after the other in large slabs, found by binary search
 * over their revisions. The oldest slab is dropped when the byte budget is exceeded, but never before the database has its
 * records. What the database is given are stretches of the slabs as they are.
 */
export class RevisionTail {
  /** The budget. */
  readonly bytesMax: number;
  readonly #slabBytes: number;
  /** Oldest first. Invariant: revisions ascend within and across slabs. */
  readonly #slabs: RevisionSlab[] = [];
  /** Sum of the slabs' sizes. */
  #bytes = 0;
  /** The database has every record up to this main revision. */
  #flushed = 0;
  #hasDropped = false;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
    this.#slabBytes = Math.max(4096, Math.min(slabBytesDefault, bytesMax / 8));
  }

  /** Bytes of memory in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing was ever dropped: every record appended is here. */
  get hasEverything(): boolean {
    return !this.#hasDropped;
  }

  /** The first revision that is in memory as a whole, with all after it; `Infinity` when nothing is in memory. */
  get firstComplete(): number {
    const first = this.#slabs[0];
    if (first === undefined) return Number.POSITIVE_INFINITY;
    return first.subAt(0) === 0 ? first.mainAt(0) : first.mainAt(0) + 1;
  }

  /** Appends a put and returns its record. */
  appendPut(at: Revision, record: PutRecord): Uint8Array {
    const slab = this.#slabFor(recordBytesMax(record.key.length, record.value.length), at.main);
    slab.seal(at.main, writePutRecord(slab.bytes, slab.used, at.sub, record));
    return slab.record(slab.count - 1);
  }

  /** Appends a put, the only change of revision `main`, from the request's own bytes. Returns the record's length. */
  appendPlainPut(main: number, create: number, version: number, put: PlainPut): number {
    const bytesMax = recordBytesMax(put.keyTo - put.keyFrom, put.valueTo - put.valueFrom);
    const slab = this.#slabFor(bytesMax, main);
    const start = slab.used;
    slab.seal(main, writePlainPut(slab.bytes, start, put, main, create, version));
    return slab.used - start;
  }

  /** Appends a delete and returns its record. */
  appendTombstone(at: Revision, key: Uint8Array): Uint8Array {
    const slab = this.#slabFor(recordBytesMax(key.length, 0), at.main);
    slab.seal(at.main, writeTombstone(slab.bytes, slab.used, at.sub, key, at.main));
    return slab.record(slab.count - 1);
  }

  /** Appends records as the database holds them, back to back. The main revision of the last is `lastMain`. */
  appendStored(records: Uint8Array, lastMain: number): void {
    const slab = this.#slabFor(records.length, lastMain);
    const from = slab.used;
    slab.bytes.set(records, from);
    for (let at = from; at < from + records.length; at = slab.used) {
      slab.seal(recordMain(slab.bytes, at), recordEnd(slab.bytes, at));
    }
  }

  /** Says that there are older records, which are in the database only. Nothing was appended before. */
  beginLate(): void {
    assert(this.#slabs.length === 0);
    this.#hasDropped = true;
  }

  /** The record at exactly this revision; it is immutable and its memory is shared. */
  find(main: number, sub: number): Uint8Array | undefined {
    const slab = this.#slabs[this.#slabOf(main, sub)];
    const index = slab?.indexOf(main, sub) ?? -1;
    return index < 0 ? undefined : slab?.record(index);
  }

  /** Calls `visit` for all records from revision `from` on, in order, until it returns false. */
  scan(from: number, visit: (main: number, sub: number, record: Uint8Array) => boolean): void {
    for (const slab of this.#slabs) {
      if (slab.lastMain < from) continue;
      for (let i = slab.lowerBound(from, 0); i < slab.count; i++) {
        if (!visit(slab.mainAt(i), slab.subAt(i), slab.record(i))) return;
      }
    }
  }

  /** The records of all revisions after `after`, back to back: the fewest stretches that together are all of it, in order. */
  *stretchesAfter(after: number): Generator<Uint8Array> {
    for (let i = Math.max(0, this.#slabOf(after + 1, 0)); i < this.#slabs.length; i++) {
      const slab = this.#slabs[i] as RevisionSlab;
      const from = slab.lowerBound(after + 1, 0);
      if (from < slab.count) yield slab.slice(from, slab.count);
    }
  }

  /** The records of the revisions after `after`, up to `upTo`, as packs for the database. All of them are in memory. */
  packs(after: number, upTo: number): Pack[] {
    const packs: Pack[] = [];
    for (let i = Math.max(0, this.#slabOf(after + 1, 0)); i < this.#slabs.length; i++) {
      const slab = this.#slabs[i] as RevisionSlab;
      const end = slab.lowerBound(upTo + 1, 0);
      let from = slab.lowerBound(after + 1, 0);
      while (from < end) {
        const to = packEnd(slab, from, end);
        const bytes = slab.slice(from, to);
        const hasRoom = bytes.length >= roomyPackBytesMin && slab.freeRoomAfter(to, trailerBytes);
        const start = { main: slab.mainAt(from), sub: slab.subAt(from) };
        packs.push({ ...start, count: to - from, bytes, hasRoom });
        from = to;
      }
      if (end < slab.count) break;
    }
    return packs;
  }

  /** Says that the database has all records up to revision `main`. */
  onFlushed(main: number): void {
    assert(main >= this.#flushed);
    this.#flushed = main;
    this.#evict();
  }

  /** Number of the last slab that begins at or before a revision; -1 when none does. */
  #slabOf(main: number, sub: number): number {
    const slabs = this.#slabs;
    let low = 0;
    let high = slabs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((slabs[middle] as RevisionSlab).startsAfter(main, sub)) high = middle;
      else low = middle + 1;
    }
    return low - 1;
  }

  #slabFor(bytes: number, main: number): RevisionSlab {
    const last = this.#slabs[this.#slabs.length - 1];
    if (last?.takes(bytes, main)) return last;
    last?.close();
    const slab = new RevisionSlab(Math.max(bytes + trailerBytes, this.#slabBytes));
    this.#slabs.push(slab);
    this.#bytes += slab.bytes.length;
    this.#evict();
    return slab;
  }

  #evict(): void {
    while (this.#bytes > this.bytesMax && this.#slabs.length > 1) {
      const oldest = this.#slabs[0] as RevisionSlab;
      if (oldest.lastMain > this.#flushed) return;
      this.#slabs.shift();
      this.#hasDropped = true;
      this.#bytes -= oldest.bytes.length;
    }
  }
}

/** Where the pack that begins with record `from` ends: it has as many records as fit, at least one. */
function packEnd(slab: RevisionSlab, from: number, end: number): number {
  const limit = slab.offsetAt(from) + packBytesMax;
  let to = from + 1;
  while (to < end && slab.offsetAt(to + 1) <= limit) to++;
  return to;
}
