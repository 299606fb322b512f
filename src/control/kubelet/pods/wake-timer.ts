import type { Clock, Timer } from '../../../base/clock.js';

/** Calls back once, at the earliest of the times that it was asked for. */
export class WakeTimer {
  readonly #clock: Clock;
  readonly #onTime: () => void;
  #timer: Timer | null = null;
  #atMs = 0;
  #isClosed = false;

  constructor(clock: Clock, onTime: () => void) {
    this.#clock = clock;
    this.#onTime = onTime;
  }

  /** Calls back after `delayMs`, unless it does so before anyway or is closed. */
  within(delayMs: number): void {
    if (this.#isClosed) return;
    const nowMs = this.#clock.now();
    const atMs = nowMs + delayMs;
    if (this.#timer !== null && this.#atMs <= atMs && this.#atMs > nowMs) return;
    this.#clear();
    this.#atMs = atMs;
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timer = null;
      this.#onTime();
    });
  }

  /** Forgets what it was asked for, and does not call back any more. */
  close(): void {
    this.#isClosed = true;
    this.#clear();
  }

  #clear(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }
}
