/** A sync that takes less than this many milliseconds was worth waiting for. */
const quickMsMax = 1;
/** After a slow one so many are not waited for; twice as many after each more, up to the maximum. */
const passedMin = 4;
const passedMax = 1024;

/**
 * Whether a disk is so quick these days that waiting for a sync pays: handing it to a thread, and hearing of its end, costs a
 * good part of a millisecond by itself, the more the busier the machine is. Only syncs that were waited for tell.
 */
export class SyncPace {
  /** Syncs that are not waited for before the next is tried. */
  #toPass = 0;
  #passNext = passedMin;

  /** Whether to wait for the next sync. Counts: called once for each that may be waited for. */
  waitsForNext(): boolean {
    if (this.#toPass === 0) return true;
    this.#toPass--;
    return false;
  }

  /** A sync that was waited for took so many milliseconds. */
  note(tookMs: number): void {
    if (tookMs < quickMsMax) {
      this.#passNext = passedMin;
      return;
    }
    this.#toPass = this.#passNext;
    this.#passNext = Math.min(passedMax, this.#passNext * 2);
  }
}
