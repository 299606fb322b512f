/** A timer handle; pass it to {@link Clock.clearTimer}. */
export type Timer = { readonly timer: unknown };

/**
 * Time as a component sees it. The host's clock is the machine's; the simulator gives each member its own, which may
 * drift, pause and jump. Nothing outside `src/host` reads any other clock.
 */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start; fractions allowed, never goes back. */
  now(): number;
  /** Wall-clock milliseconds since the Unix epoch; may jump either way. For display and id seeds only. */
  wallTime(): number;
  /** Runs `callback` once after at least `delayMs` (any non-negative value; the host chains what exceeds 2^31-1). */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Cancels a timer; a no-op when it already fired. */
  clearTimer(timer: Timer): void;
  /** Runs `callback` after the I/O that is ready now: the end of this event-loop turn (setImmediate). */
  defer(callback: () => void): void;
  /** Within a deferred callback, runs `callback` as soon as that one is done; elsewhere it is deferred. */
  deferBriefly(callback: () => void): void;
}

/** Resolves after `delayMs` on `clock`; rejects with the signal's reason when aborted first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clock.clearTimer(timer);
      reject(signal?.reason);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
