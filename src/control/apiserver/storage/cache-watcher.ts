import { assert } from '../../../base/assert.js';
import type { StorageEvent } from './contracts.js';

/** How far a watcher may fall behind. */
export interface WatcherLimits {
  /** Events that may wait for a reader that takes none for `graceMs`; ten times as many in any case. */
  readonly eventsMax: number;
  readonly graceMs: number;
}

export const watcherLimitsDefault: WatcherLimits = { eventsMax: 10_000, graceMs: 5000 };

type Batch = readonly StorageEvent[];

/** The queue between a cache and one reader of a watch. Batches are shared with other watchers. */
export class CacheWatcher {
  readonly #limits: WatcherLimits;
  readonly #batches: Batch[] = [];
  /** Index of the next batch to take. */
  #head = 0;
  /** Events in what waits. */
  #eventsQueued = 0;
  /** Since when the reader owes a read, on the cache's clock; null while it waits for events. */
  #idleSinceMs: number | null = null;
  #end: { readonly error: Error | null } | null = null;
  #isOverrun = false;
  #wake: (() => void) | null = null;

  constructor(limits: WatcherLimits) {
    this.#limits = limits;
  }

  /** Whether it was ended because its reader was too slow. */
  get isOverrun(): boolean {
    return this.#isOverrun;
  }

  get isEnded(): boolean {
    return this.#end !== null;
  }

  /** Whether {@link next} has something at once. */
  get hasBatches(): boolean {
    return this.#head < this.#batches.length;
  }

  /** Adds a batch. Ends the watch when the reader is too far behind. */
  push(batch: Batch, nowMs: number): void {
    assert(batch.length > 0);
    if (this.#end !== null) return;
    this.#batches.push(batch);
    this.#eventsQueued += batch.length;
    this.#idleSinceMs ??= nowMs;
    this.#wakeReader();
    if (!this.#isTooSlow(nowMs)) return;
    this.#isOverrun = true;
    this.end(null);
  }

  /** Ends the watch: with an error, or (null) as if its time were up. What waits is dropped. */
  end(error: Error | null): void {
    if (this.#end !== null) return;
    this.#end = { error };
    this.#batches.length = 0;
    this.#head = 0;
    this.#wakeReader();
  }

  /** The next batch; null at the end. Throws the error that ended the watch. One reader. */
  async next(now: () => number): Promise<Batch | null> {
    for (;;) {
      if (this.#end !== null) {
        if (this.#end.error !== null) throw this.#end.error;
        return null;
      }
      const batch = this.#batches[this.#head];
      if (batch !== undefined) return this.#take(batch, now());
      assert(this.#wake === null, 'a watch has one reader');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(batch: Batch, nowMs: number): Batch {
    this.#head++;
    this.#eventsQueued -= batch.length;
    if (this.#head === this.#batches.length) {
      this.#batches.length = 0;
      this.#head = 0;
      this.#idleSinceMs = null;
    } else {
      this.#idleSinceMs = nowMs;
      if (this.#head >= 1024) this.#batches.splice(0, this.#head);
      if (this.#head >= 1024) this.#head = 0;
    }
    return batch;
  }

  #isTooSlow(nowMs: number): boolean {
    const { eventsMax, graceMs } = this.#limits;
    if (this.#eventsQueued <= eventsMax) return false;
    const idleMs = this.#idleSinceMs === null ? 0 : nowMs - this.#idleSinceMs;
    return idleMs > graceMs || this.#eventsQueued > eventsMax * 10;
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
