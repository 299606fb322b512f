import type { Clock } from '../../base/clock.js';

/** How long tasks run in one turn of the event loop. */
const sliceMs = 5;

/** Runs tasks that take long for what it takes to ask for them: in order, for a slice of time in each turn of the event loop. */
export class TimeSlices {
  readonly #clock: Clock;
  /** Those that did not fit into the slice, in order. */
  #waiting: (() => void)[] = [];
  /** A slice has begun in this turn; it is over once the clock shows #endMs. */
  #hasBegun = false;
  #endMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs the task, which must not throw: at once if this turn's slice allows, and no other waits. */
  run(task: () => void): void {
    if (!this.#hasBegun) this.#begin();
    if (this.#waiting.length > 0 || this.#clock.now() >= this.#endMs) this.#waiting.push(task);
    else task();
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#endMs = this.#clock.now() + sliceMs;
    this.#clock.defer(() => this.#onTurnOver());
  }

  #onTurnOver(): void {
    this.#hasBegun = false;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#begin();
    let count = 0;
    // While one runs it is still in line, so that what it asks for gets in line behind the others.
    do (waiting[count++] as () => void)();
    while (count < waiting.length && this.#clock.now() < this.#endMs);
    waiting.splice(0, count);
  }
}
