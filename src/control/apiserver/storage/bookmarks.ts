import { assert } from '../../../base/assert.js';
import type { Clock, Timer } from '../../../base/clock.js';
import type { Prng } from '../../../base/prng.js';
import type { CacheWatcher } from './cache-watcher.js';

/** A watcher hears about once in this time how far it has come. */
const intervalMs = 60_000;
/** And this long before its time is up. */
const beforeEndMs = 2000;
/** Who is due within this time is told together. */
const togetherMs = 1000;

interface Schedule {
  nextMs: number;
  /** When the watch ends; null: nobody knows. */
  readonly endMs: number | null;
}

/** Tells watchers who want it, now and then, how far they have come. */
export class Bookmarks {
  readonly #clock: Clock;
  readonly #prng: Prng;
  /** Called before bookmarks are due: whatever they will say must be behind them. */
  readonly #send: (due: readonly CacheWatcher[]) => void;
  readonly #schedules = new Map<CacheWatcher, Schedule>();
  #timer: Timer | null = null;
  /** When the timer fires. Invariant: nobody is due `togetherMs` earlier. */
  #wakeMs = Number.POSITIVE_INFINITY;

  constructor(options: {
    readonly clock: Clock;
    readonly prng: Prng;
    readonly send: (due: readonly CacheWatcher[]) => void;
  }) {
    this.#clock = options.clock;
    this.#prng = options.prng;
    this.#send = options.send;
  }

  add(watcher: CacheWatcher, timeoutMs: number | null): void {
    assert(!this.#schedules.has(watcher));
    const now = this.#clock.now();
    const schedule = { nextMs: 0, endMs: timeoutMs === null ? null : now + timeoutMs };
    schedule.nextMs = this.#nextAfter(now, schedule.endMs);
    this.#schedules.set(watcher, schedule);
    this.#wakeAt(schedule.nextMs);
  }

  remove(watcher: CacheWatcher): void {
    this.#schedules.delete(watcher);
    if (this.#schedules.size === 0) this.#disarm();
  }

  /** Wakes at the end of the time within which who is due first is told together with others. */
  #wakeAt(nextMs: number): void {
    if (nextMs + togetherMs >= this.#wakeMs) return;
    this.#disarm();
    this.#wakeMs = nextMs + togetherMs;
    const waitMs = Math.max(0, this.#wakeMs - this.#clock.now());
    this.#timer = this.#clock.setTimer(waitMs, () => this.#tellDue());
  }

  #disarm(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#wakeMs = Number.POSITIVE_INFINITY;
  }

  #tellDue(): void {
    this.#disarm();
    const now = this.#clock.now();
    const due: CacheWatcher[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [watcher, schedule] of this.#schedules) {
      if (schedule.nextMs <= now) {
        due.push(watcher);
        schedule.nextMs = this.#nextAfter(now, schedule.endMs);
      }
      nextMs = Math.min(nextMs, schedule.nextMs);
    }
    this.#wakeAt(nextMs);
    if (due.length > 0) this.#send(due);
  }

  /** Spread a little, so that watchers who came together are not due together for ever. */
  #nextAfter(now: number, endMs: number | null): number {
    const next = now + intervalMs * (0.75 + this.#prng.float() / 4);
    if (endMs === null) return next;
    const last = endMs - beforeEndMs;
    return last > now ? Math.min(next, last) : next;
  }
}
