import type { Clock, Timer } from '../../base/clock.js';
import type { Fence } from '../machinery/fence.js';

/** Why a leadership is over that nobody gave up. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
}

/**
 * A leadership, as far as its holder knows. It ends by the holder's own clock, counted from when the last renewal that was answered was
 * *sent*: before the lease can end in the store. A process that was stopped finds it over when it goes on, by the same clock.
 */
export class Leadership {
  /** What the leader's writes are to carry. */
  readonly fence: Fence;
  readonly #clock: Clock;
  readonly #renewDeadlineMs: number;
  readonly #over = new AbortController();
  /** It is over from here on, unless renewed. */
  #deadlineMs: number;
  #timer: Timer | null = null;
  #isLost = false;

  constructor(options: {
    readonly fence: Fence;
    readonly clock: Clock;
    /** When the lease was asked for. */
    readonly grantedMs: number;
    readonly renewDeadlineMs: number;
  }) {
    this.fence = options.fence;
    this.#clock = options.clock;
    this.#renewDeadlineMs = options.renewDeadlineMs;
    this.#deadlineMs = options.grantedMs + options.renewDeadlineMs;
    this.#schedule();
  }

  /** Aborted when the work is to end: the leadership is lost (the reason is a {@link LeadershipLostError}), or given up. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** It holds now: nobody else can lead. Never true again once it was false. */
  get isHeld(): boolean {
    return !this.#over.signal.aborted && this.#clock.now() < this.#deadlineMs;
  }

  /** It ended before somebody gave it up. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** The lease was there after `sentMs`. */
  onRenewed(sentMs: number): void {
    if (this.#over.signal.aborted) return;
    if (this.#clock.now() >= this.#deadlineMs) {
      // The answer came late: the timer is about to say so.
      this.lose('the answer to a renewal came too late');
      return;
    }
    this.#deadlineMs = Math.max(this.#deadlineMs, sentMs + this.#renewDeadlineMs);
    this.#schedule();
  }

  /** Ends it at once. */
  lose(why: string): void {
    if (this.#over.signal.aborted) return;
    this.#isLost = true;
    this.#end(new LeadershipLostError(`leader election lost: ${why}`));
  }

  /** Has the work end; the lease is kept until it has. */
  giveUp(reason: unknown): void {
    if (!this.#over.signal.aborted) this.#end(reason);
  }

  #end(reason: unknown): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#over.abort(reason);
  }

  #schedule(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    const leftMs = Math.max(0, this.#deadlineMs - this.#clock.now());
    this.#timer = this.#clock.setTimer(leftMs, () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = null;
    if (this.#clock.now() >= this.#deadlineMs) this.lose('it could not be renewed in time');
    else this.#schedule();
  }
}
