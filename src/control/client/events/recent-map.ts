/** A map that keeps the entries that were set last, and forgets the others. Memory: `entriesMax` entries. */
export class RecentMap<V> {
  /** In the order in which they were set. */
  readonly #entries = new Map<string, V>();
  readonly #entriesMax: number;

  /** `entriesMax` >= 1. */
  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#entriesMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
