import type { Watcher } from './watcher.js';

/** Entries taken from the front before their memory is given back. */
const trimCount = 1024;

/**
 * Watchers in line, first come first served; each is in one line at most, at one place. (A Set would do, were it not for what
 * looking for its first member costs after many were deleted.)
 */
export class WatcherQueue {
  /** Those from #head on wait, except the ones that were removed: their `queue` says so. */
  #entries: Watcher[] = [];
  #head = 0;

  /** A no-op when it is in this line. */
  add(watcher: Watcher): void {
    if (watcher.queue === this) return;
    watcher.queue = this;
    this.#entries.push(watcher);
  }

  /** A no-op when it is not in this line. */
  remove(watcher: Watcher): void {
    if (watcher.queue === this) watcher.queue = null;
  }

  /** Takes the first one out of the line. */
  take(): Watcher | undefined {
    while (this.#head < this.#entries.length) {
      const watcher = this.#entries[this.#head++] as Watcher;
      if (this.#head >= trimCount && this.#head * 2 >= this.#entries.length) this.#trim();
      if (watcher.queue !== this) continue;
      watcher.queue = null;
      return watcher;
    }
    this.#trim();
    return undefined;
  }

  clear(): void {
    for (let watcher = this.take(); watcher !== undefined; watcher = this.take());
  }

  #trim(): void {
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
