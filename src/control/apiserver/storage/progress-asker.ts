import type { Clock, Timer } from '../../../base/clock.js';
import type { Client } from '../../../client/index.js';

/** A request may stay unanswered (a watch is catching up, the stream just broke): it is made again after this. */
const repeatMs = 100;

/**
 * Asks the store how far its watches have come, for as long as somebody wants to know: once in the turn in which they begin to,
 * and again every so often.
 */
export class ProgressAsker {
  readonly #client: Client;
  readonly #clock: Clock;
  #wanted = 0;
  #isAsking = false;
  #timer: Timer | null = null;

  constructor({ client, clock }: { readonly client: Client; readonly clock: Clock }) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Begins to ask; the function returned, called once, says that it is not wanted any more. */
  want(): () => void {
    this.#wanted++;
    this.#askSoon();
    this.#timer ??= this.#clock.setTimer(repeatMs, () => this.#repeat());
    return () => {
      this.#wanted--;
    };
  }

  /** Asks once; nothing comes of it when the store does not answer. */
  askOnce(): void {
    this.#askSoon();
  }

  #askSoon(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#clock.defer(() => {
      this.#isAsking = false;
      this.#client.requestProgress();
    });
  }

  #repeat(): void {
    this.#timer = null;
    if (this.#wanted === 0) return;
    this.#askSoon();
    this.#timer = this.#clock.setTimer(repeatMs, () => this.#repeat());
  }
}
