import type { Clock } from '../../../base/clock.js';

interface Waiter {
  readonly revision: number;
  readonly wake: (isReached: boolean) => void;
}

/** Those who wait until a revision is reached. */
export class ReachWaiters {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True once `revision` is reached; false when the time is up, or `signal` aborted, before. */
  wait(
    revision: number,
    { timeoutMs, signal }: { readonly timeoutMs: number | null; readonly signal?: AbortSignal },
  ): Promise<boolean> {
    return new Promise((resolve) => {
      const end = () => waiter.wake(false);
      const timer = timeoutMs === null ? null : this.#clock.setTimer(timeoutMs, end);
      const waiter: Waiter = {
        revision,
        wake: (isReached) => {
          this.#waiters.delete(waiter);
          if (timer !== null) this.#clock.clearTimer(timer);
          signal?.removeEventListener('abort', end);
          resolve(isReached);
        },
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', end, { once: true });
      if (signal?.aborted) end();
    });
  }

  /** Wakes those who waited for this revision or an older one. */
  onReached(revision: number): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of [...this.#waiters]) {
      if (waiter.revision <= revision) waiter.wake(true);
    }
  }

  /** Nothing more will be reached. */
  close(): void {
    for (const waiter of [...this.#waiters]) waiter.wake(false);
  }
}
