import { assert } from '../../base/assert.js';
import {
  type PutRecord,
  recordBytesMax,
  writePutRecord,
  writeTombstone,
} from '../schema/revision-record.js';
import type { Revision } from './key-entry.js';

/** A slab holds this many bytes of records; small enough to give memory back smoothly. */
const slabBytesDefault = 1024 * 1024;

/**
 * The newest part of the history in memory: revision records one after the other in large slabs, found by binary search
 * over their revisions. A record costs its bytes and 20 more, no object of its own. The oldest slab is dropped when the
 * byte budget is exceeded, but never before the database has its records.
 */
export class RevisionTail {
  readonly #bytesMax: number;
  readonly #slabBytes: number;
  /** Oldest first. Invariant: revisions ascend within and across slabs. */
  readonly #slabs: Slab[] = [];
  /** Sum of the slabs' sizes. */
  #bytes = 0;
  /** The database has every record up to this main revision. */
  #flushed = 0;
  #hasDropped = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
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
    const slab = this.#slabFor(recordBytesMax(record.key.length, record.value.length));
    return slab.seal(at, writePutRecord(slab.bytes, slab.used, record));
  }

  /** Appends a delete and returns its record. */
  appendTombstone(at: Revision, key: Uint8Array): Uint8Array {
    const slab = this.#slabFor(recordBytesMax(key.length, 0));
    return slab.seal(at, writeTombstone(slab.bytes, slab.used, key, at.main));
  }

  /** Appends a record as the database holds it. */
  appendStored(at: Revision, record: Uint8Array): void {
    const slab = this.#slabFor(record.length);
    slab.bytes.set(record, slab.used);
    slab.seal(at, slab.used + record.length);
  }

  /** The record at exactly this revision; it is immutable and its memory is shared. */
  find(main: number, sub: number): Uint8Array | undefined {
    const slabs = this.#slabs;
    // The last slab that begins at or before the revision; most look-ups are of something recent.
    let low = 0;
    let high = slabs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((slabs[middle] as Slab).startsAfter(main, sub)) high = middle;
      else low = middle + 1;
    }
    return low === 0 ? undefined : (slabs[low - 1] as Slab).find(main, sub);
  }

  /** Calls `visit` for all records from revision `from` on, in order, until it returns false. */
  scan(from: number, visit: (main: number, sub: number, record: Uint8Array) => boolean): void {
    for (const slab of this.#slabs) {
      if (slab.lastMain >= from && !slab.scan(from, visit)) return;
    }
  }

  /** Says that the database has all records up to revision `main`. */
  onFlushed(main: number): void {
    assert(main >= this.#flushed);
    this.#flushed = main;
    this.#evict();
  }

  #slabFor(bytes: number): Slab {
    const last = this.#slabs[this.#slabs.length - 1];
    if (last !== undefined && last.used + bytes <= last.bytes.length) return last;
    const slab = new Slab(Math.max(bytes, this.#slabBytes));
    this.#slabs.push(slab);
    this.#bytes += slab.bytes.length;
    this.#evict();
    return slab;
  }

  #evict(): void {
    while (this.#bytes > this.#bytesMax && this.#slabs.length > 1) {
      const oldest = this.#slabs[0] as Slab;
      if (oldest.lastMain > this.#flushed) return;
      this.#slabs.shift();
      this.#hasDropped = true;
      this.#bytes -= oldest.bytes.length;
    }
  }
}

/** Records back to back, with their revisions and offsets in arrays beside them. */
class Slab {
  readonly bytes: Uint8Array;
  used = 0;
  #count = 0;
  #mains = new Float64Array(64);
  #subs = new Float64Array(64);
  #offsets = new Uint32Array(64);

  constructor(bytes: number) {
    // Not cleared: only sealed records are ever read.
    const buffer = Buffer.allocUnsafeSlow(bytes);
    this.bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, bytes);
  }

  get lastMain(): number {
    return this.#count === 0 ? 0 : (this.#mains[this.#count - 1] as number);
  }

  mainAt(index: number): number {
    return this.#mains[index] as number;
  }

  subAt(index: number): number {
    return this.#subs[index] as number;
  }

  startsAfter(main: number, sub: number): boolean {
    const first = this.#mains[0] as number;
    return first > main || (first === main && (this.#subs[0] as number) > sub);
  }

  /** Makes the bytes from `used` to `end` the record of a revision. */
  seal(at: Revision, end: number): Uint8Array {
    const index = this.#count;
    if (index === this.#mains.length) this.#grow();
    this.#mains[index] = at.main;
    this.#subs[index] = at.sub;
    this.#offsets[index] = this.used;
    this.#count = index + 1;
    const record = this.bytes.subarray(this.used, end);
    this.used = end;
    return record;
  }

  find(main: number, sub: number): Uint8Array | undefined {
    const index = this.#lowerBound(main, sub);
    const isThere = index < this.#count && this.#mains[index] === main && this.#subs[index] === sub;
    return isThere ? this.#record(index) : undefined;
  }

  scan(from: number, visit: (main: number, sub: number, record: Uint8Array) => boolean): boolean {
    for (let i = this.#lowerBound(from, 0); i < this.#count; i++) {
      if (!visit(this.mainAt(i), this.subAt(i), this.#record(i))) return false;
    }
    return true;
  }

  #record(index: number): Uint8Array {
    const end = index + 1 < this.#count ? (this.#offsets[index + 1] as number) : this.used;
    return this.bytes.subarray(this.#offsets[index] as number, end);
  }

  #lowerBound(main: number, sub: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.#mains[middle] as number;
      if (at < main || (at === main && (this.#subs[middle] as number) < sub)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const length = this.#mains.length * 2;
    this.#mains = copyInto(new Float64Array(length), this.#mains);
    this.#subs = copyInto(new Float64Array(length), this.#subs);
    this.#offsets = copyInto(new Uint32Array(length), this.#offsets);
  }
}

function copyInto<T extends Float64Array | Uint32Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
