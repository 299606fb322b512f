import type { KeyRange } from './key-range.js';
import { RangeTree } from './range-tree.js';

/** Items by the keys they are on; finds those on one key in O(log n + matches), in O(1) when all are on single keys. */
export class RangeIndex<T extends { readonly range: KeyRange }> {
  readonly #singles = new Map<string, Set<T>>();
  readonly #ranges = new RangeTree<T>();

  add(item: T): void {
    const { start, end, isSingle } = item.range;
    if (!isSingle) {
      this.#ranges.add(start, end, item);
      return;
    }
    const items = this.#singles.get(start);
    if (items === undefined) this.#singles.set(start, new Set([item]));
    else items.add(item);
  }

  /** A no-op when the item is not there. */
  remove(item: T): void {
    const { start, end, isSingle } = item.range;
    if (!isSingle) {
      this.#ranges.remove(start, end, item);
      return;
    }
    const items = this.#singles.get(start);
    if (items?.delete(item) === true && items.size === 0) this.#singles.delete(start);
  }

  /** Visits every item that is on the key (latin1), each once. The index must not be changed meanwhile. */
  visit(key: string, visitor: (item: T) => void): void {
    this.#singles.get(key)?.forEach(visitor);
    this.#ranges.visit(key, visitor);
  }
}
