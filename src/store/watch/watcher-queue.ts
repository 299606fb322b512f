import type { Watcher } from './watcher.js';

/** Entries that stand for nobody any more before their memory is given back. */
const trimCount = 1024;

/**
 * Watchers in line, first come first served; each is in one line at most, at one place. (A Set would do, were it not for what
 * looking for its first member costs after many were deleted.)
 */
export class WatcherQueue {
  /** Those from #head on wait, except the ones that were removed: their `queue` says so. */
  #entries: Watcher[] = [];
  #head = 0;
  /** Watchers that wait. */
  #size = 0;

  /** Places that take memory: at most twice as many as watchers wait, and some 1000 more. */
  get placeCount(): number {
    return this.#entries.length;
  }

  /** A no-op when it is in this line. It leaves the one that it is in. */
  add(watcher: Watcher): void {
    if (watcher.queue === this) return;
    watcher.queue?.remove(watcher);
    watcher.queue = this;
    this.#entries.push(watcher);
    this.#size++;
  }

  /** A no-op when it is not in this line. */
  remove(watcher: Watcher): void {
    if (watcher.queue !== this) return;
    this.#leave(watcher);
    const emptyCount = this.#entries.length - this.#size;
    if (emptyCount >= trimCount && emptyCount >= this.#size) this.#closeRanks();
  }

  /** Takes the first one out of the line. */
  take(): Watcher | undefined {
    while (this.#head < this.#entries.length) {
      const watcher = this.#entries[this.#head++] as Watcher;
      if (this.#head >= trimCount && this.#head * 2 >= this.#entries.length) this.#trim();
      if (watcher.queue !== this) continue;
      this.#leave(watcher);
      return watcher;
    }
    this.#trim();
    return undefined;
  }

  clear(): void {
    for (let watcher = this.take(); watcher !== undefined; watcher = this.take());
  }

  #leave(watcher: Watcher): void {
    watcher.queue = null;
    this.#size--;
  }

  /** Keeps the first place of each watcher that waits: one that was removed and added again has more. */
  #closeRanks(): void {
    const waiting: Watcher[] = [];
    for (let i = this.#head; i < this.#entries.length; i++) {
      const watcher = this.#entries[i] as Watcher;
      if (watcher.queue !== this) continue;
      watcher.queue = null;
      waiting.push(watcher);
    }
    for (const watcher of waiting) watcher.queue = this;
    this.#entries = waiting;
    this.#head = 0;
  }

  #trim(): void {
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
