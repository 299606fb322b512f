import type { Prng } from '../base/prng.js';

const delayMsInitial = 50;
const delayMsMax = 1000;

/** Delays between rounds of attempts: 50 ms doubling to 1 s, each drawn from its upper half so that clients spread out. */
export class Backoff {
  readonly #prng: Prng;
  /** The longest that the next delay can be, in milliseconds. */
  #ceilingMs = delayMsInitial;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  /** The next delay in milliseconds. */
  next(): number {
    const ceilingMs = this.#ceilingMs;
    this.#ceilingMs = Math.min(delayMsMax, ceilingMs * 2);
    return ceilingMs * (0.5 + this.#prng.float() / 2);
  }

  /** Starts over after a success. */
  reset(): void {
    this.#ceilingMs = delayMsInitial;
  }
}
