/** A sync that takes less than this many milliseconds is quick: handing it to a thread, and hearing of it, costs a good part of that. */
const quickMsMax = 1;
/** After so many quick ones the next is expected to be quick. */
const quickCountMin = 16;

/** Whether a disk is so quick these days that waiting for it is worthwhile. One slow sync ends that for a while. */
export class SyncPace {
  /** Quick syncs since the last that was not. */
  #quickCount = 0;

  get isQuick(): boolean {
    return this.#quickCount >= quickCountMin;
  }

  /** A sync took so many milliseconds. */
  note(tookMs: number): void {
    this.#quickCount = tookMs < quickMsMax ? this.#quickCount + 1 : 0;
  }
}
