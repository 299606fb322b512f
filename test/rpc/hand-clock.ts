import type { Clock, Timer } from '../../src/base/clock.js';

/** A clock that stands still until told to go on. What is due at once happens all the same. */
export class HandClock implements Clock {
  #nowMs = 0;
  #timers = new Map<object, { readonly atMs: number; readonly callback: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  wallTime(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = {};
    this.#timers.set(timer, { atMs: this.#nowMs + delayMs, callback });
    if (delayMs <= 0) setImmediate(() => this.advance(0));
    return { timer };
  }

  clearTimer({ timer }: Timer): void {
    this.#timers.delete(timer as object);
  }

  defer(callback: () => void): void {
    setImmediate(callback);
  }

  deferBriefly(callback: () => void): void {
    this.defer(callback);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const [timer, { atMs, callback }] of [...this.#timers]) {
      if (atMs > this.#nowMs) continue;
      this.#timers.delete(timer);
      callback();
    }
  }
}
