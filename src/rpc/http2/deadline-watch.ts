import type { Clock, Timer } from '../../base/clock.js';

/** Something that must not go on beyond a moment. */
export interface Timed {
  /** On the clock, milliseconds; infinite for never. */
  readonly deadlineMs: number;
  /** The deadline has passed. */
  onDeadline(): void;
}

/**
 * Tells calls that their deadline has passed, with one timer for all of them. Calls nearly always end before their deadline:
 * setting and forgetting one costs a comparison, and only when the earliest passes are the calls then in progress looked at.
 */
export class DeadlineWatch {
  readonly #clock: Clock;
  /** The calls in progress. */
  readonly #calls: () => Iterable<Timed>;
  #timer: Timer | null = null;
  /** When the timer fires. Invariant: no deadline of a call in progress is earlier. */
  #timerAtMs = Infinity;

  constructor(clock: Clock, calls: () => Iterable<Timed>) {
    this.#clock = clock;
    this.#calls = calls;
  }

  /** A call has begun whose deadline is this. */
  add(deadlineMs: number): void {
    if (deadlineMs < this.#timerAtMs) this.#arm(deadlineMs);
  }

  /** Ends the watching. */
  stop(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#timerAtMs = Infinity;
  }

  #arm(atMs: number): void {
    this.stop();
    this.#timerAtMs = atMs;
    const delayMs = Math.max(0, atMs - this.#clock.now());
    this.#timer = this.#clock.setTimer(delayMs, () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = null;
    this.#timerAtMs = Infinity;
    const nowMs = this.#clock.now();
    let earliestMs = Infinity;
    const late: Timed[] = [];
    for (const call of this.#calls()) {
      if (call.deadlineMs <= nowMs) late.push(call);
      else if (call.deadlineMs < earliestMs) earliestMs = call.deadlineMs;
    }
    this.add(earliestMs);
    for (const call of late) call.onDeadline();
  }
}
