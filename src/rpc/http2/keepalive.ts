import type { Clock, Timer } from '../../base/clock.js';

/** When to ask whether the peer is still there, and how long to wait for it, milliseconds. */
export interface KeepaliveTimes {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** What is watched. */
export interface Watched {
  readonly clock: Clock;
  /** When the peer gave a sign of life last. */
  readonly activeAtMs: number;
  /** Asks for a sign of life. */
  ping(): void;
  /** There was none. */
  destroy(): void;
}

/** Drops a connection whose peer has gone without a word: pings it when it is silent, and takes any sign for an answer. */
export class Keepalive {
  readonly #watched: Watched;
  readonly #times: KeepaliveTimes;
  #timer: Timer;

  constructor(watched: Watched, times: KeepaliveTimes) {
    this.#watched = watched;
    this.#times = times;
    this.#timer = this.#wait(times.intervalMs, () => this.#onInterval());
  }

  /** Ends the watching. */
  stop(): void {
    this.#watched.clock.clearTimer(this.#timer);
  }

  #onInterval(): void {
    const { clock, activeAtMs } = this.#watched;
    const { intervalMs, timeoutMs } = this.#times;
    const left = activeAtMs + intervalMs - clock.now();
    if (left > 0) {
      this.#timer = this.#wait(left, () => this.#onInterval());
      return;
    }
    this.#watched.ping();
    this.#timer = this.#wait(timeoutMs, () => this.#onTimeout(activeAtMs));
  }

  #onTimeout(silentSinceMs: number): void {
    if (this.#watched.activeAtMs === silentSinceMs) this.#watched.destroy();
    else this.#onInterval();
  }

  #wait(delayMs: number, callback: () => void): Timer {
    return this.#watched.clock.setTimer(delayMs, callback);
  }
}
