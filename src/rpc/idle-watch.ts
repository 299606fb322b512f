import type { Clock, Timer } from '../base/clock.js';

/** Tells when nothing has happened for a while. */
export class IdleWatch {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #lastMs: number;
  #timer: Timer | null = null;

  /** Without time (0) it never tells. */
  constructor(clock: Clock, idleMs: number, onIdle: () => void) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
    this.#lastMs = clock.now();
    if (idleMs > 0) this.#wait(idleMs);
  }

  /** Something has happened. */
  touch(): void {
    this.#lastMs = this.#clock.now();
  }

  stop(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.setTimer(ms, () => {
      const leftMs = this.#lastMs + this.#idleMs - this.#clock.now();
      if (leftMs > 0) {
        this.#wait(leftMs);
      } else {
        this.#timer = null;
        this.#onIdle();
      }
    });
  }
}
