import { assert } from '../../base/assert.js';
import { BTree, type BTreeCursor } from '../../base/btree.js';
import { KeyEntry, type Revision } from './key-entry.js';

/** A range of keys as latin1 text: `lower` <= key < `upper`; null is no upper bound. */
export interface KeyBounds {
  readonly lower: string;
  readonly upper: string | null;
}

/** Every key that has any version left, in byte order. Counts are of live keys. */
export class KeyIndex {
  readonly #tree = new BTree<KeyEntry>((entry) => entry.version !== 0);

  /** Keys that exist now. */
  get liveCount(): number {
    return this.#tree.counted;
  }

  /** Keys with any version left, deleted ones included. */
  get size(): number {
    return this.#tree.size;
  }

  get(key: string): KeyEntry | undefined {
    return this.#tree.get(key);
  }

  /** Records a put of `key`, whose entry is `entry` (undefined: never seen). Returns the entry. */
  put(key: string, entry: KeyEntry | undefined, at: Revision, lease: bigint): KeyEntry {
    if (entry === undefined) {
      const first = KeyEntry.first(at, at.main, 1, lease);
      this.#tree.set(key, first);
      return first;
    }
    if (entry.isLive) {
      entry.append(at, entry.create, entry.version + 1, lease);
    } else {
      entry.append(at, at.main, 1, lease);
      this.#tree.recount(key, 1);
    }
    return entry;
  }

  /** Records the deletion of a live key. */
  tombstone(key: string, entry: KeyEntry, at: Revision): void {
    assert(entry.isLive, 'a deleted key is deleted again');
    entry.append(at, 0, 0, 0n);
    this.#tree.recount(key, -1);
  }

  /** Takes over a version as the database holds it; versions come in order of their revisions. */
  load(key: string, at: Revision, create: number, version: number, lease: bigint): void {
    const entry = this.#tree.get(key);
    if (entry === undefined) {
      this.#tree.set(key, KeyEntry.first(at, create, version, lease));
      return;
    }
    const change = Number(version !== 0) - Number(entry.isLive);
    entry.append(at, create, version, lease);
    if (change !== 0) this.#tree.recount(key, change as 1 | -1);
  }

  /** Forgets a key that has no version left. */
  remove(key: string): void {
    this.#tree.delete(key);
  }

  /** At the first key >= `key`. Invalid after any change of the set of keys. */
  seek(key: string): BTreeCursor<KeyEntry> {
    return this.#tree.seek(key);
  }

  /** How many keys of the range exist now, in logarithmic time. */
  count(bounds: KeyBounds): number {
    return this.#tree.countBetween(bounds.lower, bounds.upper);
  }

  /** Checks the tree's invariants; for tests and `verify`. */
  check(): boolean {
    return this.#tree.check();
  }
}
