import { assert } from '../../base/assert.js';
import type { Clock, Timer } from '../../base/clock.js';

/** Pauses of a key that fails: `baseMs` doubling to `maxMs`. */
export interface RetryPauses {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Is told of what happens in a queue. */
export interface WorkQueueObserver {
  /** A key waits to be taken, `waiting` with it. */
  onAdded(waiting: number): void;
  /** A key was taken after `waitedMs`; `waiting` are left. */
  onTaken(waitedMs: number, waiting: number): void;
  /** The taker of a key was through with it after `workedMs`. */
  onDone(workedMs: number): void;
  /** A key is to be tried again. */
  onRetry(): void;
  /** Gives the times at which the keys that are worked on were taken, whenever somebody wants to know. */
  follow(takenAtMs: () => Iterable<number>): void;
}

/** client-go's. */
const pausesDefault: RetryPauses = { baseMs: 5, maxMs: 1_000_000 };

/**
 * Keys of objects that need a look. A key that is added several times is looked at once; one that is added while it is worked on is
 * given out again after that, never to two workers at a time. Memory: one entry a key, so no bound of its own.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #pauses: RetryPauses;
  /** Waiting to be taken, in order, with the time since when. Invariant: none is in `#processing`. */
  readonly #ready = new Map<string, number>();
  /** With the time at which they were taken. */
  readonly #processing = new Map<string, number>();
  /** Added while in `#processing`. */
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { readonly atMs: number; readonly timer: Timer }>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | null) => void)[] = [];
  #observer: WorkQueueObserver | null = null;
  #isClosed = false;

  constructor(clock: Clock, pauses: RetryPauses = pausesDefault) {
    this.#clock = clock;
    this.#pauses = pauses;
  }

  /** Has one more than the owner of the queue know what happens in it. Once. */
  observe(observer: WorkQueueObserver): void {
    assert(this.#observer === null, 'a queue has one observer');
    this.#observer = observer;
    observer.follow(() => this.#processing.values());
  }

  /** Keys that wait to be taken now. */
  get length(): number {
    return this.#ready.size;
  }

  /** Nothing waits, nothing is worked on, and nothing is due later. */
  get isIdle(): boolean {
    return this.#ready.size + this.#processing.size + this.#delayed.size === 0;
  }

  add(key: string): void {
    if (this.#isClosed) return;
    if (this.#processing.has(key)) this.#again.add(key);
    else this.#enqueue(key);
  }

  /** Adds it after a time; of several times the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#isClosed) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const atMs = this.#clock.now() + delayMs;
    const waiting = this.#delayed.get(key);
    if (waiting !== undefined) {
      if (waiting.atMs <= atMs) return;
      this.#clock.clearTimer(waiting.timer);
    }
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { atMs, timer });
  }

  /** Adds it after a pause that grows with each call until {@link forget}. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#observer?.onRetry();
    const { baseMs, maxMs } = this.#pauses;
    this.addAfter(key, Math.min(maxMs, baseMs * 2 ** failures));
  }

  /** Calls of {@link addRateLimited} since the last {@link forget}. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Its next pause is the shortest again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, which its taker gives back with {@link done}; null when the queue is closed. */
  take(): Promise<string | null> {
    const [first] = this.#ready;
    if (first !== undefined) {
      const [key, sinceMs] = first;
      this.#ready.delete(key);
      this.#onTaken(key, sinceMs);
      return Promise.resolve(key);
    }
    if (this.#isClosed) return Promise.resolve(null);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** The taker of a key is through with it. */
  done(key: string): void {
    const takenAtMs = this.#processing.get(key);
    assert(takenAtMs !== undefined, `the key ${JSON.stringify(key)} is not worked on`);
    this.#processing.delete(key);
    this.#observer?.onDone(this.#clock.now() - takenAtMs);
    if (this.#again.delete(key)) this.#enqueue(key);
  }

  /** Gives nothing more out; who takes gets null. */
  close(): void {
    this.#isClosed = true;
    this.#ready.clear();
    this.#again.clear();
    this.#failures.clear();
    for (const { timer } of this.#delayed.values()) this.#clock.clearTimer(timer);
    this.#delayed.clear();
    for (const resolve of this.#takers.splice(0)) resolve(null);
  }

  #enqueue(key: string): void {
    if (this.#isClosed) return;
    if (this.#ready.has(key)) return;
    const nowMs = this.#clock.now();
    this.#observer?.onAdded(this.#ready.size + 1);
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#ready.set(key, nowMs);
      return;
    }
    this.#onTaken(key, nowMs);
    taker(key);
  }

  #onTaken(key: string, sinceMs: number): void {
    const nowMs = this.#clock.now();
    this.#processing.set(key, nowMs);
    this.#observer?.onTaken(nowMs - sinceMs, this.#ready.size);
  }
}
