import { assert } from '../../../base/assert.js';
import type { HeaderField } from './field.js';

/** The smallest possible entry bounds how many there can be. */
const entryBytesMin = 32;

/** HPACK's dynamic table (RFC 7541 sections 2.3.2 and 4): the fields mentioned last, evicted by size. */
export class DynamicTable {
  /** A ring. The newest field is at `#newest`, older ones follow upwards. */
  #ring: (HeaderField | undefined)[] = new Array(8).fill(undefined);
  #newest = 0;
  #count = 0;
  /** Invariant: the sum of the fields' sizes, at most `#maxBytes`. */
  #sizeBytes = 0;
  #maxBytes: number;
  /** Counts the changes of content: what was derived from a table at some version holds while the version does. */
  version = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** The field `index` places after the newest (0), or undefined beyond the oldest. */
  at(index: number): HeaderField | undefined {
    return index < this.#count
      ? this.#ring[(this.#newest + index) & (this.#ring.length - 1)]
      : undefined;
  }

  /** Adds a field, evicting old ones; one that is larger than the table empties it (section 4.4). */
  insert(field: HeaderField): void {
    this.version++;
    this.#evictTo(this.#maxBytes - field.sizeBytes);
    if (field.sizeBytes > this.#maxBytes) return;
    if (this.#count === this.#ring.length) this.#grow();
    this.#newest = (this.#newest - 1) & (this.#ring.length - 1);
    this.#ring[this.#newest] = field;
    this.#count++;
    this.#sizeBytes += field.sizeBytes;
    assert(this.#sizeBytes <= this.#maxBytes);
  }

  /** Changes the maximum size, evicting what no longer fits (section 4.3). */
  resize(maxBytes: number): void {
    this.version++;
    this.#maxBytes = maxBytes;
    this.#evictTo(maxBytes);
  }

  #evictTo(bytesMax: number): void {
    while (this.#count > 0 && this.#sizeBytes > bytesMax) {
      const oldest = (this.#newest + this.#count - 1) & (this.#ring.length - 1);
      this.#sizeBytes -= this.#ring[oldest]?.sizeBytes ?? 0;
      this.#ring[oldest] = undefined;
      this.#count--;
    }
  }

  #grow(): void {
    assert(this.#count * entryBytesMin <= this.#maxBytes);
    const ring: (HeaderField | undefined)[] = new Array(this.#ring.length * 2).fill(undefined);
    for (let i = 0; i < this.#count; i++) ring[i] = this.at(i);
    this.#ring = ring;
    this.#newest = 0;
  }
}
