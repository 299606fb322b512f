/** With so many on their way, up to {@link collectedMax} more are collected while those are being committed. */
const busyMin = 64;
const collectedMax = 128;
/** From so many who wait at a time on, what they propose gathers for so many milliseconds at the most. */
const crowdMin = 256;
const gatherMsMax = 16;
/** So many bytes are worth a batch by themselves. */
const batchBytes = 256 * 1024;

/** What there is to propose. */
export interface Waiting {
  /** Proposals that somebody waits for, those not proposed yet included. */
  readonly pendingCount: number;
  /** Of them those that are not proposed yet, and their size. */
  readonly queuedCount: number;
  readonly queuedBytes: number;
}

/**
 * When proposals that have queued up are proposed. What a batch costs, it costs once: for each member a message and a sync, and
 * for each connection whose calls it answers a write here, a read there, and as much again for the calls that follow, since
 * clients that are answered together ask together. So while few wait, each goes at once; while many wait, half of them go
 * together, and the others gather meanwhile.
 */
export class BatchPace {
  /** How many waited at a time lately. */
  #crowd = 0;
  /** When the last batch left. */
  #leftAtMs = Number.NEGATIVE_INFINITY;

  /**
   * For how many milliseconds what is queued had better wait for what comes; 0: it is to go now. Infinite: until what is on its way
   * is committed, or more is queued. `isCommitting`: something is on its way.
   */
  holdMs(waiting: Waiting, isCommitting: boolean, nowMs: number): number {
    const heldMs = this.#heldMs(waiting, isCommitting, nowMs);
    return heldMs > 0 && waiting.queuedBytes >= batchBytes ? 0 : heldMs;
  }

  /** A batch leaves, while so many wait. */
  onBatch(pendingCount: number, nowMs: number): void {
    this.#crowd = Math.max(pendingCount, (this.#crowd * 7) / 8);
    this.#leftAtMs = nowMs;
  }

  #heldMs({ pendingCount, queuedCount }: Waiting, isCommitting: boolean, nowMs: number): number {
    const isBusy = isCommitting && pendingCount - queuedCount >= busyMin;
    if (isBusy && queuedCount < collectedMax) return Number.POSITIVE_INFINITY;
    const crowd = Math.max(this.#crowd, pendingCount);
    if (crowd < crowdMin || 2 * queuedCount >= crowd) return 0;
    return Math.max(0, this.#leftAtMs + gatherMsMax - nowMs);
  }
}
