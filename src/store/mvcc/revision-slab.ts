import { recordSub } from '../schema/revision-record.js';

/** A slab's revisions lie within this distance from its first. */
const spanLimit = 0x1_0000_0000;

/**
 * Revision records back to back, in the order of their revisions, with offset and distance from the slab's first revision
 * in arrays beside them: a record costs its bytes and eight more, no object of its own.
 */
export class RevisionSlab {
  readonly bytes: Uint8Array;
  used = 0;
  count = 0;
  #isClosed = false;
  /** Main revision of the first record. */
  #base = 0;
  /** Main revision of each record, less `#base`. */
  #mains: Uint32Array = new Uint32Array(64);
  #offsets: Uint32Array = new Uint32Array(64);

  constructor(bytes: number) {
    // Not cleared: only sealed records are ever read.
    const buffer = Buffer.allocUnsafeSlow(bytes);
    this.bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, bytes);
  }

  get lastMain(): number {
    return this.count === 0 ? 0 : this.mainAt(this.count - 1);
  }

  /** Whether a record of `bytes` bytes with main revision `main` may be appended. */
  takes(bytes: number, main: number): boolean {
    if (this.#isClosed) return false;
    return this.used + bytes <= this.bytes.length && main - this.#base < spanLimit;
  }

  mainAt(index: number): number {
    return this.#base + (this.#mains[index] as number);
  }

  subAt(index: number): number {
    return recordSub(this.bytes, this.#offsets[index] as number);
  }

  startsAfter(main: number, sub: number): boolean {
    return this.#base > main || (this.#base === main && this.subAt(0) > sub);
  }

  /** Makes the bytes from `used` to `end`, which are a record, the slab's newest. */
  seal(main: number, end: number): void {
    const index = this.count;
    if (index === 0) this.#base = main;
    if (index === this.#mains.length) this.#grow();
    this.#mains[index] = main - this.#base;
    this.#offsets[index] = this.used;
    this.count = index + 1;
    this.used = end;
  }

  /** Number of the record at exactly this revision; -1 when it is not here. */
  indexOf(main: number, sub: number): number {
    const index = this.lowerBound(main, sub);
    const isThere = index < this.count && this.mainAt(index) === main && this.subAt(index) === sub;
    return isThere ? index : -1;
  }

  /** Number of the first record at or after a revision. */
  lowerBound(main: number, sub: number): number {
    const distance = main - this.#base;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.#mains[middle] as number;
      if (at < distance || (at === distance && this.subAt(middle) < sub)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where record `index` begins; `count` stands for the end of the last. */
  offsetAt(index: number): number {
    return index < this.count ? (this.#offsets[index] as number) : this.used;
  }

  /** Record `index`, sharing the slab's memory. */
  record(index: number): Uint8Array {
    return this.slice(index, index + 1);
  }

  /** The records from `from` to before `to`, back to back, sharing the slab's memory. */
  slice(from: number, to: number): Uint8Array {
    return this.bytes.subarray(this.offsetAt(from), this.offsetAt(to));
  }

  /**
   * Leaves `bytes` bytes behind the records before `index` to the caller, if these are the last and there are so many: then
   * nothing is appended any more.
   */
  freeRoomAfter(index: number, bytes: number): boolean {
    if (index < this.count || this.used + bytes > this.bytes.length) return false;
    this.#isClosed = true;
    return true;
  }

  /** Gives back what the arrays have too much; nothing is appended any more. */
  close(): void {
    this.#isClosed = true;
    this.#mains = this.#mains.slice(0, this.count);
    this.#offsets = this.#offsets.slice(0, this.count);
  }

  #grow(): void {
    const length = this.#mains.length * 2;
    const mains = new Uint32Array(length);
    const offsets = new Uint32Array(length);
    mains.set(this.#mains);
    offsets.set(this.#offsets);
    this.#mains = mains;
    this.#offsets = offsets;
  }
}
