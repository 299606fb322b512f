/**
 * An ordered key-value database as the store needs it: LevelDB on a real disk, an in-memory one that loses its unsynced
 * tail in the simulator. Keys and values are bytes; order is unsigned bytewise.
 */

/** One write. A batch of them is atomic. */
export type DbWrite =
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: Uint8Array };

/** A half-open key range; `limit` counts entries. */
export interface DbRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** An immutable view of the whole database at one moment. Must be closed. */
export interface DbSnapshot {
  /** Entries in key order, in batches of bounded size; bytes are the caller's. */
  iterate(
    range: DbRange,
  ): AsyncIterable<readonly (readonly [key: Uint8Array, value: Uint8Array])[]>;
  close(): Promise<void>;
}

/** Reads and writes reject with the underlying error; after a failed write the database must not be written to again. */
export interface OrderedDb {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Blocks the thread; for the rare read that was not prefetched. */
  getSync(key: Uint8Array): Uint8Array | undefined;
  /** One result per key, undefined where absent. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  iterate(
    range: DbRange,
  ): AsyncIterable<readonly (readonly [key: Uint8Array, value: Uint8Array])[]>;
  /**
   * Applies a batch atomically. Batches are applied in call order. Without `sync` a crash may lose a suffix of the
   * batches, never part of one and never one in the middle; a batch with `sync` makes all before it durable.
   */
  write(batch: readonly DbWrite[], options: { readonly sync: boolean }): Promise<void>;
  snapshot(): DbSnapshot;
  /** Bytes on disk, approximately. */
  sizeBytes(): Promise<number>;
  /** Reclaims space of deleted entries in the range, in the background of other work. */
  compactRange(range: { readonly gte: Uint8Array; readonly lt: Uint8Array }): Promise<void>;
  close(): Promise<void>;
}

/** Where a member's database lives: one current database, and at most one being built to replace it. */
export interface OrderedDbHome {
  /** Opens the current database, making an empty one when there is none; discards a half-built replacement. */
  openCurrent(): Promise<OrderedDb>;
  /** Opens an empty database beside the current one. */
  openReplacement(): Promise<OrderedDb>;
  /** Makes the replacement (synced by its owner) current, atomically and durably; then closes and destroys the old one. */
  promote(replacement: OrderedDb): Promise<void>;
}
