/** Names that are given out at a rate, in the order in which they came. */
export class RatedQueue {
  readonly #names = new Set<string>();
  /** Names a second; 0 gives none out. */
  #rate: number;
  /** The next may go then, by the clock whose time is passed in. */
  #nextMs = Number.NEGATIVE_INFINITY;
  /** When one was given out last. */
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(rate: number) {
    this.#rate = rate;
  }

  get size(): number {
    return this.#names.size;
  }

  add(name: string): void {
    this.#names.add(name);
  }

  /** True: it was there. */
  remove(name: string): boolean {
    return this.#names.delete(name);
  }

  /** What was given out counts for the new rate. */
  setRate(rate: number): void {
    this.#rate = rate;
    this.#nextMs = rate === 0 ? Number.POSITIVE_INFINITY : this.#lastMs + 1000 / rate;
  }

  /** Milliseconds until the next name may be given out; null: there is none, or none ever with this rate. */
  waitMs(nowMs: number): number | null {
    if (this.#names.size === 0 || this.#rate === 0) return null;
    return Math.max(0, this.#nextMs - nowMs);
  }

  /** The next name if it is due. It is out of the queue. */
  take(nowMs: number): string | null {
    const [name] = this.#names;
    if (name === undefined || this.waitMs(nowMs) !== 0) return null;
    this.#names.delete(name);
    this.#lastMs = nowMs;
    this.#nextMs = nowMs + 1000 / this.#rate;
    return name;
  }
}
