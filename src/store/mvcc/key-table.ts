import type { KeyEntry } from './key-entry.js';

/** A power of two. */
const shardCount = 128;

/**
 * Every key's entry by hash, for what looks up one key: three cache misses where a walk down the tree takes ten. Many small
 * maps, because a map that grows moves all that it has at once: one with a million keys would hold the loop for 100 ms.
 */
export class KeyTable {
  readonly #shards = Array.from({ length: shardCount }, () => new Map<string, KeyEntry>());

  get(key: string): KeyEntry | undefined {
    return this.#shardOf(key).get(key);
  }

  set(key: string, entry: KeyEntry): void {
    this.#shardOf(key).set(key, entry);
  }

  delete(key: string): void {
    this.#shardOf(key).delete(key);
  }

  /** All keys and their entries, in no order. */
  list(): { readonly keys: string[]; readonly entries: KeyEntry[] } {
    const keys: string[] = [];
    const entries: KeyEntry[] = [];
    for (const shard of this.#shards) {
      for (const [key, entry] of shard) {
        keys.push(key);
        entries.push(entry);
      }
    }
    return { keys, entries };
  }

  /** By the last bytes: they differ most between neighbours. An uneven spread costs only evenness of the shards. */
  #shardOf(key: string): Map<string, KeyEntry> {
    const end = key.length - 1;
    const mixed = key.charCodeAt(end) + 7 * key.charCodeAt(end - 1) + 31 * key.charCodeAt(end - 2);
    return this.#shards[mixed & (shardCount - 1)] as Map<string, KeyEntry>;
  }
}
