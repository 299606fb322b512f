import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { RejectedConnection } from '../../host/net.js';

/** Milliseconds between two lines about one kind of endpoint. */
const intervalMs = 1000;

/**
 * Notes connections that were turned away in the TLS handshake. Anybody can cause any number of those, so that of each second there
 * is one line a kind of endpoint, which says how many there were since the one before.
 */
export class RejectionLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #kinds = new Map<string, { notedAtMs: number; unnoted: number }>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** `kind`: client or peer. */
  note(kind: 'client' | 'peer', { remote, why }: RejectedConnection): void {
    const nowMs = this.#clock.now();
    const state = this.#kinds.get(kind) ?? { notedAtMs: -intervalMs, unnoted: 0 };
    this.#kinds.set(kind, state);
    if (nowMs - state.notedAtMs < intervalMs) {
      state.unnoted++;
      return;
    }
    const since = state.unnoted === 0 ? {} : { rejectedSince: state.unnoted };
    this.#logger.warn(`rejected connection on ${kind} endpoint`, { remote, error: why, ...since });
    state.notedAtMs = nowMs;
    state.unnoted = 0;
  }
}
