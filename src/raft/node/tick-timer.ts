import type { Clock, Timer } from '../../base/clock.js';

/** What a {@link TickTimer} works with. */
export interface TickTimerOptions {
  readonly clock: Clock;
  readonly tickMs: number;
  /** Ticks slept through at a time, at the most (at least 1). */
  readonly sleepTicksMax: number;
  /** One tick has passed. */
  readonly tick: () => void;
  /** The timer fired; the ticks until then have been counted. Whoever is called sets the next {@link TickTimer.sleep}. */
  readonly onWake: () => void;
}

/**
 * Counts ticks, and sleeps through those in which nothing is due: an idle follower is woken by its leader, not by its own
 * clock. A tick takes at least its time. A process that was stopped (paused, starved) past the end of its sleep counts a
 * single tick: whether the others were heard meanwhile is only known once their messages have been read. A stop that
 * ends within the sleep is not noticed, which is why a sleep is short of what anything waits for.
 */
export class TickTimer {
  readonly #options: TickTimerOptions;
  /** Milliseconds: all ticks up to here are counted. */
  #countedAt: number;
  /** The timer fires so many ticks after `#countedAt`; in those before the last nothing is due. Not 0 while it is set. */
  #ticksLeft = 0;
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(options: TickTimerOptions) {
    this.#options = options;
    this.#countedAt = options.clock.now();
  }

  /**
   * So many ticks from now on (after {@link catchUp}) have nothing to do. Sleeps until they have passed, or earlier when that
   * was asked for before; the tick that has something to do is waited for awake.
   */
  sleep(idleTicks: number): void {
    if (this.#isClosed) return;
    const { clock, tickMs, sleepTicksMax } = this.#options;
    const ticks = Math.max(1, Math.min(idleTicks, sleepTicksMax));
    if (this.#timer !== null && this.#ticksLeft <= ticks) return;
    this.#disarm();
    this.#ticksLeft = ticks;
    const delayMs = this.#countedAt + ticks * tickMs - clock.now();
    this.#timer = clock.setTimer(Math.max(0, delayMs), () => this.#fire());
  }

  /**
   * Counts the ticks that have passed in the sleep, before something else happens: it may matter how many there were. The
   * last one is the timer's.
   */
  catchUp(): void {
    if (this.#ticksLeft <= 1) return;
    const { clock, tickMs, tick } = this.#options;
    const passed = Math.floor((clock.now() - this.#countedAt) / tickMs);
    const ticks = Math.min(passed, this.#ticksLeft - 1);
    this.#countedAt += ticks * tickMs;
    this.#ticksLeft -= ticks;
    for (let i = 0; i < ticks; i++) tick();
  }

  /** Counts no more. */
  close(): void {
    this.#isClosed = true;
    this.#disarm();
  }

  #disarm(): void {
    if (this.#timer !== null) this.#options.clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#ticksLeft = 0;
  }

  #fire(): void {
    const { clock, tickMs, tick, onWake } = this.#options;
    const now = clock.now();
    const lateMs = now - this.#countedAt - this.#ticksLeft * tickMs;
    const ticks = lateMs < tickMs ? this.#ticksLeft : 1;
    this.#timer = null;
    this.#ticksLeft = 0;
    this.#countedAt = now;
    for (let i = 0; i < ticks; i++) tick();
    onWake();
  }
}
