/** Hands items from whoever has them to one reader. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #end: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;
  readonly #onTake: () => void;

  /** `onTake` is called whenever the reader has taken an item. */
  constructor(onTake: () => void = () => {}) {
    this.#onTake = onTake;
  }

  push(item: T): void {
    if (this.#end !== null) return;
    this.#items.push(item);
    this.#wake?.();
  }

  /** After what is queued the reader ends, or throws `error` when one is given. The first call counts. */
  end(error?: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#items.length > 0) {
        const item = this.#items.shift() as T;
        this.#onTake();
        yield item;
      }
      if (this.#end !== null) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
