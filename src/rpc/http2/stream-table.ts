/** Something with an identifier that no other in the table has. */
export interface Identified {
  readonly id: number;
}

/** A power of two. */
const slotsMin = 16;

/**
 * The open streams of a connection by their identifiers, which are odd and mostly ascend one by one: each has a place of its own, and
 * only one whose place is taken, by a call that has been there for long, is in a Map.
 *
 * A Map alone would keep every call from being collected young. It copies what it has to new memory each time that so many have
 * come and gone, and the old memory points to the new: once one that nobody uses any more has got to the old generation, all that
 * were made after it follow, with the calls in them.
 */
export class StreamTable<T extends Identified> {
  /** Invariant: a stream of identifier i is in slot (i >> 1) modulo their number, or else in #others. */
  #slots: (T | null)[] = new Array<T | null>(slotsMin).fill(null);
  readonly #others = new Map<number, T>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    const stream = this.#slots[(id >> 1) & (this.#slots.length - 1)] as T | null;
    if (stream !== null && stream.id === id) return stream;
    return this.#others.size === 0 ? undefined : this.#others.get(id);
  }

  /** Adds a stream whose identifier is new. */
  add(stream: T): void {
    this.#size++;
    if (2 * this.#size > this.#slots.length) this.#grow();
    this.#place(stream);
  }

  /** Removes the stream with the identifier; a no-op when there is none. */
  delete(id: number): void {
    const at = (id >> 1) & (this.#slots.length - 1);
    if (this.#slots[at]?.id === id) this.#slots[at] = null;
    else if (!this.#others.delete(id)) return;
    this.#size--;
  }

  /** All streams, as they are now. */
  values(): T[] {
    const streams = this.#slots.filter((stream) => stream !== null);
    return this.#others.size === 0 ? streams : streams.concat([...this.#others.values()]);
  }

  #place(stream: T): void {
    const at = (stream.id >> 1) & (this.#slots.length - 1);
    if (this.#slots[at] === null) this.#slots[at] = stream;
    else this.#others.set(stream.id, stream);
  }

  #grow(): void {
    const streams = this.values();
    const old = this.#slots;
    this.#slots = new Array<T | null>(2 * old.length).fill(null);
    this.#others.clear();
    for (const stream of streams) this.#place(stream);
    // Nobody is to be kept by it either.
    old.fill(null);
  }
}
