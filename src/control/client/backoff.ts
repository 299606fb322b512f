import type { Prng } from '../../base/prng.js';

/** Growing pauses between attempts that fail: doubling from the shortest to the longest, drawn from the upper half of each. */
export class Backoff {
  readonly #prng: Prng;
  readonly #minMs: number;
  readonly #maxMs: number;
  #ceilingMs: number;

  constructor(prng: Prng, { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }) {
    this.#prng = prng;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#ceilingMs = minMs;
  }

  /** The next pause in milliseconds. */
  next(): number {
    const ceilingMs = this.#ceilingMs;
    this.#ceilingMs = Math.min(this.#maxMs, ceilingMs * 2);
    return ceilingMs * (0.5 + this.#prng.float() / 2);
  }

  /** Starts over after a success. */
  reset(): void {
    this.#ceilingMs = this.#minMs;
  }
}
