/** Values by key; those that were not asked for longest are forgotten when there are too many. */
export class RecentlyUsed<T> {
  /** In the order of use. */
  readonly #values = new Map<string, T>();

  /** The value of a key, made when it is not known. At most `sizeMax`, at least 1, are kept. */
  get(key: string, sizeMax: number, make: () => T): T {
    const known = this.#values.get(key);
    if (known !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, known);
      return known;
    }
    while (this.#values.size >= Math.max(1, sizeMax)) {
      const [oldest] = this.#values.keys();
      if (oldest === undefined) break;
      this.#values.delete(oldest);
    }
    const value = make();
    this.#values.set(key, value);
    return value;
  }
}
