import type { Clock, Timer } from '../../base/clock.js';
import { type MemberId, noMember } from '../../base/ids.js';

/**
 * Notices that this member has been without a leader for too long, for clients that asked to be told (`hasleader`).
 */
export class LeaderWatch {
  readonly #clock: Clock;
  readonly #lostAfterMs: number;
  #lost = new AbortController();
  #timer: Timer | null = null;

  /** `lostAfterMs`: three election timeouts, as etcd has it. */
  constructor(clock: Clock, lostAfterMs: number) {
    this.#clock = clock;
    this.#lostAfterMs = lostAfterMs;
    this.#arm();
  }

  /** Aborted while there has been no leader for too long; a fresh one once there is a leader again. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The leader known here, maybe none. */
  onLeader(leader: MemberId): void {
    if (leader === noMember) {
      this.#arm();
      return;
    }
    this.close();
    if (this.#lost.signal.aborted) this.#lost = new AbortController();
  }

  close(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #arm(): void {
    this.#timer ??= this.#clock.setTimer(this.#lostAfterMs, () => {
      this.#timer = null;
      this.#lost.abort();
    });
  }
}
