import { assert } from '../../base/assert.js';
import { BTree, type BTreeCursor } from '../../base/btree.js';
import { KeyEntry } from './key-entry.js';
import { KeyTable } from './key-table.js';
import { sortedOrder } from './sorted-order.js';

/** A range of keys as latin1 text: `lower` <= key < `upper`; null is no upper bound. */
export interface KeyBounds {
  readonly lower: string;
  readonly upper: string | null;
}

/** Every key that has any version left, by hash and in byte order. Counts are of live keys. */
export class KeyIndex {
  readonly #table = new KeyTable();
  /** Invariant: has the keys of the table, except while loading, when it has none. */
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
    return this.#table.get(key);
  }

  /** Records a put of `key`, whose entry is `entry` (undefined: never seen), as change `sub` of revision `main`. */
  put(key: string, entry: KeyEntry | undefined, main: number, sub: number, lease: bigint): void {
    if (entry === undefined) {
      const first = new KeyEntry(main, sub, main, 1, lease);
      this.#table.set(key, first);
      this.#tree.set(key, first);
    } else if (entry.isLive) {
      entry.append(main, sub, entry.create, entry.version + 1, lease);
    } else {
      entry.append(main, sub, main, 1, lease);
      this.#tree.recount(key, 1);
    }
  }

  /** Records the deletion of a live key. */
  tombstone(key: string, entry: KeyEntry, main: number, sub: number): void {
    assert(entry.isLive, 'a deleted key is deleted again');
    entry.append(main, sub, 0, 0, 0n);
    this.#tree.recount(key, -1);
  }

  /** Takes over a version as the database holds it; versions come in order of their revisions. {@link finishLoading} ends it. */
  load(
    key: string,
    main: number,
    sub: number,
    create: number,
    version: number,
    lease: bigint,
  ): void {
    const entry = this.#table.get(key);
    if (entry === undefined) this.#table.set(key, new KeyEntry(main, sub, create, version, lease));
    else entry.append(main, sub, create, version, lease);
  }

  /** All versions are loaded: sorts the keys, once for all. It is done when the generator ends; it yields on the way. */
  *finishLoading(): Generator<void> {
    const { keys, entries } = this.#table.list();
    yield;
    const order = yield* sortedOrder(keys);
    const sortedKeys = Array.from(order, (i) => keys[i] as string);
    yield;
    const sortedEntries = Array.from(order, (i) => entries[i] as KeyEntry);
    yield;
    this.#tree.fill(sortedKeys, sortedEntries);
  }

  /** Forgets a key that has no version left. */
  remove(key: string): void {
    this.#table.delete(key);
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
