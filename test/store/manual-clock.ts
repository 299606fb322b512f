import type { Clock, Timer } from '../../src/base/clock.js';

interface Planned {
  readonly atMs: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** A clock that stands still until {@link advance}; what is deferred runs in {@link settle}. */
export class ManualClock implements Clock {
  /** What each look at the clock takes: to have code run out of its slice of time. */
  lookMs = 0;
  #nowMs = 1_000_000;
  #sequence = 0;
  #planned: Planned[] = [];
  #deferred: (() => void)[] = [];

  now(): number {
    this.#nowMs += this.lookMs;
    return this.#nowMs;
  }

  wallTime(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const planned = { atMs: this.#nowMs + delayMs, sequence: this.#sequence++, callback };
    this.#planned.push(planned);
    return { timer: planned };
  }

  clearTimer(timer: Timer): void {
    this.#planned = this.#planned.filter((planned) => planned !== timer.timer);
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  deferBriefly(callback: () => void): void {
    this.defer(callback);
  }

  /** Timers that are set. */
  get timerCount(): number {
    return this.#planned.length;
  }

  /** Time passes while the process does not run: timers fire late. */
  jump(byMs: number): void {
    this.#nowMs += byMs;
  }

  /** Lets time pass, firing each timer at its moment and settling after each. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    await this.settle();
    for (let next = this.#next(); next !== undefined && next.atMs <= endMs; next = this.#next()) {
      const due = next;
      this.#planned = this.#planned.filter((planned) => planned !== due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.callback();
      await this.settle();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  /** Runs what was deferred, and every promise chain, until nothing is left to run. */
  async settle(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const deferred = this.#deferred;
      if (deferred.length === 0) return;
      this.#deferred = [];
      for (const callback of deferred) callback();
    }
  }

  /** Runs what is deferred now, and the promise chains that it sets off; what these defer waits. */
  async turn(): Promise<void> {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const callback of deferred) callback();
    await new Promise((resolve) => setImmediate(resolve));
  }

  #next(): Planned | undefined {
    let first: Planned | undefined;
    for (const planned of this.#planned) {
      if (first === undefined || planned.atMs < first.atMs) first = planned;
    }
    return first;
  }
}
