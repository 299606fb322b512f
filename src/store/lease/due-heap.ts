import { assert } from '../../base/assert.js';

/** Something with a moment at which it wants attention. Owned by at most one {@link DueHeap}. */
export interface Due {
  /** Monotonic milliseconds. Changed only through {@link DueHeap.move}. */
  dueMs: number;
  /** Where the heap keeps it; -1 while it is in none. */
  slot: number;
}

/** A binary heap of moments, earliest first, from which any one can be moved or removed in O(log n). */
export class DueHeap<T extends Due> {
  /** Invariant: items[i].slot === i, and no item is due before its parent. */
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The earliest, or undefined when empty. */
  peek(): T | undefined {
    return this.#items[0];
  }

  insert(item: T): void {
    assert(item.slot === -1, 'the item is in a heap already');
    item.slot = this.#items.length;
    this.#items.push(item);
    this.#rise(item);
  }

  /** Gives an item of this heap another moment. */
  move(item: T, dueMs: number): void {
    this.#assertOwn(item);
    const isEarlier = dueMs < item.dueMs;
    item.dueMs = dueMs;
    if (isEarlier) this.#rise(item);
    else this.#sink(item);
  }

  remove(item: T): void {
    this.#assertOwn(item);
    const last = this.#items.pop() as T;
    const { slot } = item;
    item.slot = -1;
    if (last === item) return;
    this.#place(last, slot);
    this.#rise(last);
    this.#sink(last);
  }

  clear(): void {
    for (const item of this.#items) item.slot = -1;
    this.#items.length = 0;
  }

  #assertOwn(item: T): void {
    assert(this.#items[item.slot] === item, 'the item is not in this heap');
  }

  #place(item: T, slot: number): void {
    this.#items[slot] = item;
    item.slot = slot;
  }

  #rise(item: T): void {
    let slot = item.slot;
    while (slot > 0) {
      const parent = this.#items[(slot - 1) >> 1] as T;
      if (parent.dueMs <= item.dueMs) break;
      this.#place(parent, slot);
      slot = (slot - 1) >> 1;
    }
    this.#place(item, slot);
  }

  #sink(item: T): void {
    let slot = item.slot;
    for (;;) {
      const child = this.#earlierChild(slot);
      if (child === undefined || child.dueMs >= item.dueMs) break;
      const next = child.slot;
      this.#place(child, slot);
      slot = next;
    }
    this.#place(item, slot);
  }

  #earlierChild(slot: number): T | undefined {
    const left = this.#items[2 * slot + 1];
    const right = this.#items[2 * slot + 2];
    if (left === undefined || right === undefined) return left;
    return right.dueMs < left.dueMs ? right : left;
  }
}
