const pauseMsMin = 1000;
const pauseMsMax = 15 * 60_000;

interface Failure {
  readonly pauseMs: number;
  readonly atMs: number;
}

/**
 * Pauses between the deletions of pods that fail again and again on a node, from one second, doubling, to 15 minutes; from the start
 * after twice the longest pause without a failure. Times are the caller's.
 */
export class FailureBackoff {
  readonly #failures = new Map<string, Failure>();

  /** How long the next one has to wait. */
  remainingMs(key: string, nowMs: number): number {
    const failure = this.#fresh(key, nowMs);
    return failure === undefined ? 0 : Math.max(0, failure.atMs + failure.pauseMs - nowMs);
  }

  /** One is deleted now. */
  note(key: string, nowMs: number): void {
    const failure = this.#fresh(key, nowMs);
    const pauseMs = failure === undefined ? pauseMsMin : Math.min(pauseMsMax, 2 * failure.pauseMs);
    this.#failures.set(key, { pauseMs, atMs: nowMs });
  }

  /** Forgets what is of no more account, and what begins with `prefix`. */
  forget(prefix: string, nowMs: number): void {
    for (const key of [...this.#failures.keys()]) {
      if (key.startsWith(prefix)) this.#failures.delete(key);
      else this.#fresh(key, nowMs);
    }
  }

  #fresh(key: string, nowMs: number): Failure | undefined {
    const failure = this.#failures.get(key);
    if (failure === undefined || nowMs - failure.atMs <= 2 * pauseMsMax) return failure;
    this.#failures.delete(key);
    return undefined;
  }
}
