import { assert } from '../../base/assert.js';

/** Something that is in one list at most, and keeps its place there. */
export interface Listed {
  /** For the list; -1 while it is in none. */
  listPlace: number;
}

/**
 * Things that come and go by the thousand, in no order. What has left is not held on to: the tables that a Set has outgrown point to the
 * ones that followed, and once an old one is in V8's old generation all that come after are kept until the next full collection.
 */
export class CallList<T extends Listed> implements Iterable<T> {
  /** Invariant: of the first #size the place is their index; the others are null. */
  readonly #items: (T | null)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    assert(item.listPlace === -1, 'it is in no list');
    item.listPlace = this.#size;
    this.#items[this.#size++] = item;
  }

  /** A no-op for what is not here any more. */
  delete(item: T): void {
    const place = item.listPlace;
    if (place === -1) return;
    assert(this.#items[place] === item, 'it is in this list');
    const last = this.#items[--this.#size] as T;
    this.#items[place] = last;
    last.listPlace = place;
    this.#items[this.#size] = null;
    item.listPlace = -1;
  }

  /** All that are here now; what happens meanwhile changes nothing. */
  *[Symbol.iterator](): Iterator<T> {
    for (const item of this.#items.slice(0, this.#size)) if (item !== null) yield item;
  }
}
