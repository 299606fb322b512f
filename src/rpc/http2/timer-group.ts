import type { Clock, Timer } from '../../base/clock.js';

/** The timers of one owner, which end with it. */
export class TimerGroup {
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back once, unless the owner has ended by then. */
  set(delayMs: number, callback: () => void): Timer {
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
    return timer;
  }

  /** Cancels a timer; a no-op when it has fired. */
  clear(timer: Timer): void {
    this.#timers.delete(timer);
    this.#clock.clearTimer(timer);
  }

  /** Cancels all. */
  clearAll(): void {
    for (const timer of this.#timers) this.#clock.clearTimer(timer);
    this.#timers.clear();
  }
}
