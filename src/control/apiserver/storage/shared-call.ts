import type { Clock } from '../../../base/clock.js';
import { type Deferred, defer } from '../../../client/deferred.js';

/**
 * One request for all who want its answer: made at the end of the turn in which the first asks, and one at a time. Who asks while
 * one is under way waits for the next, as theirs must begin after they asked.
 */
export class SharedCall<T> {
  readonly #clock: Clock;
  readonly #call: () => Promise<T>;
  /** Those who the next request is for. */
  #waiting: Deferred<T> | null = null;
  #isRunning = false;

  constructor(clock: Clock, call: () => Promise<T>) {
    this.#clock = clock;
    this.#call = call;
  }

  /** The answer of a request that is made after now. Rejects as the call does. */
  next(): Promise<T> {
    this.#waiting ??= defer<T>();
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#clock.defer(() => void this.#run());
    }
    return this.#waiting.promise;
  }

  async #run(): Promise<void> {
    while (this.#waiting !== null) {
      const { resolve, reject } = this.#waiting;
      this.#waiting = null;
      await this.#call().then(resolve, reject);
    }
    this.#isRunning = false;
  }
}
