import { AssertionError } from '../../base/assert.js';
import { type Clock, sleep } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';

/** How often and how work is repeated. */
export interface SyncLoopOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Changes that come within this time are worked on together. */
  readonly minPeriodMs: number;
  /** Worked on also without changes. */
  readonly periodMs: number;
  /** `isPeriodic`: nothing changed, look whether all is well. */
  readonly sync: (isPeriodic: boolean) => Promise<void>;
}

const retryMsFirst = 500;

/** Repeats one kind of work when asked to, one at a time: what is asked for while it runs is done after it, once. Failures are tried again with growing pauses. */
export class SyncLoop {
  readonly #options: SyncLoopOptions;
  #isAsked = false;
  #wake: () => void = () => {};
  /** When the oldest unanswered request came, on the clock's wall time. Null: there is none. */
  #askedAtMs: number | null = null;
  #failures = 0;

  constructor(options: SyncLoopOptions) {
    this.#options = options;
  }

  /** Since when work is waiting that was not done yet; null when all is done. Wall-clock milliseconds. */
  get pendingSinceMs(): number | null {
    return this.#askedAtMs;
  }

  /** Something changed. */
  ask(): void {
    this.#isAsked = true;
    this.#askedAtMs ??= this.#options.clock.wallTime();
    this.#wake();
  }

  /** Works until the signal aborts. Rejects for bugs alone. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, minPeriodMs, periodMs } = this.#options;
    let lastPeriodMs = clock.now();
    while (!signal.aborted) {
      const isDue = clock.now() - lastPeriodMs >= periodMs;
      if (!this.#isAsked && !isDue) {
        await this.#untilAsked(lastPeriodMs + periodMs - clock.now(), signal);
        continue;
      }
      const startedMs = clock.now();
      if (isDue) lastPeriodMs = startedMs;
      await this.#once(isDue);
      const pauseMs = this.#failures === 0 ? minPeriodMs : this.#retryMs();
      const restMs = pauseMs - (clock.now() - startedMs);
      if (restMs > 0) await sleep(clock, restMs, signal).catch(() => {}); // Told to stop.
    }
  }

  async #once(isPeriodic: boolean): Promise<void> {
    const { logger, sync } = this.#options;
    const askedAtMs = this.#askedAtMs;
    this.#isAsked = false;
    try {
      await sync(isPeriodic);
      this.#failures = 0;
      this.#askedAtMs = this.#isAsked ? this.#options.clock.wallTime() : null;
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      this.#failures++;
      this.#isAsked = true;
      this.#askedAtMs = askedAtMs ?? this.#options.clock.wallTime();
      const problem = error instanceof Error ? error.message : String(error);
      logger.error('the rules could not be brought up to date; trying again', { problem });
    }
  }

  #retryMs(): number {
    const { minPeriodMs, periodMs } = this.#options;
    return Math.max(minPeriodMs, Math.min(periodMs, retryMsFirst * 2 ** (this.#failures - 1)));
  }

  #untilAsked(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const done = () => {
        clock.clearTimer(timer);
        signal.removeEventListener('abort', done);
        this.#wake = () => {};
        resolve();
      };
      const timer = clock.setTimer(Math.max(0, timeoutMs), done);
      signal.addEventListener('abort', done, { once: true });
      this.#wake = done;
    });
  }
}
