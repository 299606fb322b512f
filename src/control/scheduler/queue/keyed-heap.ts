import { assert } from '../../../base/assert.js';

/** A priority queue whose items are found by a key too. `less` is negative when `a` comes out first; equal ones come out as they came in. */
export class KeyedHeap<T> {
  readonly #keyOf: (item: T) => string;
  readonly #less: (a: T, b: T) => number;
  readonly #slots: Slot<T>[] = [];
  readonly #places = new Map<string, Slot<T>>();
  #sequence = 0;

  constructor(keyOf: (item: T) => string, less: (a: T, b: T) => number) {
    this.#keyOf = keyOf;
    this.#less = less;
  }

  get size(): number {
    return this.#slots.length;
  }

  /** In no particular order. */
  *values(): IterableIterator<T> {
    for (const { item } of this.#slots) yield item;
  }

  get(key: string): T | undefined {
    return this.#places.get(key)?.item;
  }

  peek(): T | undefined {
    return this.#slots[0]?.item;
  }

  /** Adds an item whose key is not there. */
  push(item: T): void {
    const key = this.#keyOf(item);
    assert(!this.#places.has(key), `the heap has ${key} already`);
    const slot: Slot<T> = { item, sequence: this.#sequence++, place: this.#slots.length };
    this.#places.set(key, slot);
    this.#slots.push(slot);
    this.#up(slot);
  }

  pop(): T | undefined {
    const first = this.#slots[0];
    if (first !== undefined) this.#removeAt(first);
    return first?.item;
  }

  /** Takes an item out by its key. */
  remove(key: string): T | undefined {
    const slot = this.#places.get(key);
    if (slot !== undefined) this.#removeAt(slot);
    return slot?.item;
  }

  #removeAt(slot: Slot<T>): void {
    this.#places.delete(this.#keyOf(slot.item));
    const last = this.#slots.pop() as Slot<T>;
    if (last === slot) return;
    last.place = slot.place;
    this.#slots[slot.place] = last;
    this.#up(last);
    this.#down(last);
  }

  #comesFirst(a: Slot<T>, b: Slot<T>): boolean {
    const order = this.#less(a.item, b.item);
    return order === 0 ? a.sequence < b.sequence : order < 0;
  }

  #up(slot: Slot<T>): void {
    while (slot.place > 0) {
      const parent = this.#slots[(slot.place - 1) >> 1] as Slot<T>;
      if (!this.#comesFirst(slot, parent)) return;
      this.#swap(slot, parent);
    }
  }

  #down(slot: Slot<T>): void {
    for (;;) {
      const left = this.#slots[2 * slot.place + 1];
      const right = this.#slots[2 * slot.place + 2];
      if (left === undefined) return;
      const child = right !== undefined && this.#comesFirst(right, left) ? right : left;
      if (!this.#comesFirst(child, slot)) return;
      this.#swap(slot, child);
    }
  }

  #swap(a: Slot<T>, b: Slot<T>): void {
    const place = a.place;
    a.place = b.place;
    b.place = place;
    this.#slots[a.place] = a;
    this.#slots[b.place] = b;
  }
}

interface Slot<T> {
  readonly item: T;
  readonly sequence: number;
  place: number;
}
