import { assert } from '../../base/assert.js';
import { type Pack, type PackStart, packRecordsMax } from '../schema/revision-pack.js';

/** Set in a pack's total: the database has dead bits of it. */
const markedBit = 0x8000;

/**
 * The packs that the database holds, in the order of their revisions: which of them has a record, and how many records of
 * it a compaction has left alive. Sixteen bytes each, in flat arrays. A record never changes its pack.
 */
export class PackList {
  #mains: Float64Array = new Float64Array(256);
  #subs: Uint32Array = new Uint32Array(256);
  /** Records in the pack's bytes, dead ones included; 0 when the pack is deleted. And {@link markedBit}. */
  #totals: Uint16Array = new Uint16Array(256);
  #alive: Uint16Array = new Uint16Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds a pack behind all others, of which `alive` records are not dead; if that is not all, it has dead bits. */
  append(pack: Pick<Pack, 'main' | 'sub' | 'count'>, alive = pack.count): void {
    assert(pack.count > 0 && pack.count <= packRecordsMax);
    assert(alive <= pack.count);
    if (this.#length === this.#mains.length) this.#resize(Math.ceil(this.#length * 1.5));
    const at = this.#length++;
    this.#mains[at] = pack.main;
    this.#subs[at] = pack.sub;
    this.#totals[at] = pack.count;
    this.#alive[at] = alive;
    if (alive < pack.count) this.onMarked(at);
  }

  /** Number of the pack that has the record at this revision if any has; -1 when all begin later. */
  indexOf(main: number, sub: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.#mains[middle] as number;
      if (at < main || (at === main && (this.#subs[middle] as number) <= sub)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** What the pack's key says. */
  startAt(index: number): PackStart {
    return { main: this.#mains[index] as number, sub: this.#subs[index] as number };
  }

  /** Records in the pack, dead ones included. */
  totalAt(index: number): number {
    return (this.#totals[index] as number) & ~markedBit;
  }

  /** Whether the database has dead bits of the pack. */
  isMarked(index: number): boolean {
    return ((this.#totals[index] as number) & markedBit) !== 0;
  }

  /** Records of the pack that are not dead. */
  aliveAt(index: number): number {
    return this.#alive[index] as number;
  }

  /** Says that a record of the pack is dead now. */
  onDead(index: number): void {
    assert((this.#alive[index] as number) > 0, 'a pack has fewer records than have died');
    this.#alive[index] = (this.#alive[index] as number) - 1;
  }

  /** Says that the database has dead bits of the pack now. */
  onMarked(index: number): void {
    this.#totals[index] = (this.#totals[index] as number) | markedBit;
  }

  /** Says that the pack was rewritten with its live records only; with none left, it is deleted. */
  onRewritten(index: number): void {
    this.#totals[index] = this.#alive[index] as number;
  }

  /** Forgets the deleted packs. Numbers change. */
  sweep(): void {
    let kept = 0;
    for (let i = 0; i < this.#length; i++) {
      if (this.totalAt(i) === 0) continue;
      this.#mains[kept] = this.#mains[i] as number;
      this.#subs[kept] = this.#subs[i] as number;
      this.#totals[kept] = this.#totals[i] as number;
      this.#alive[kept++] = this.#alive[i] as number;
    }
    this.#length = kept;
    if (kept < this.#mains.length / 4) this.#resize(Math.max(256, kept * 2));
  }

  #resize(capacity: number): void {
    this.#mains = resized(this.#mains, new Float64Array(capacity));
    this.#subs = resized(this.#subs, new Uint32Array(capacity));
    this.#totals = resized(this.#totals, new Uint16Array(capacity));
    this.#alive = resized(this.#alive, new Uint16Array(capacity));
  }
}

function resized<T extends Float64Array | Uint32Array | Uint16Array>(from: T, to: T): T {
  to.set(from.subarray(0, Math.min(from.length, to.length)));
  return to;
}
