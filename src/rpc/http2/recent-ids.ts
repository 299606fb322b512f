/** How many are remembered. */
const countMax = 256;

/** The stream identifiers added last. */
export class RecentIds {
  /** In the order of adding, as a Set iterates. */
  readonly #ids = new Set<number>();

  add(id: number): void {
    this.#ids.add(id);
    if (this.#ids.size <= countMax) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }

  has(id: number): boolean {
    return this.#ids.has(id);
  }
}
