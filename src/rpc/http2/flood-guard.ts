import { ConnectionFault } from './errors.js';
import type { PingPolicy } from './ping-policy.js';
import { ErrorCode } from './protocol.js';

/** A bucket of tolerance: so many at once, and so many a second after that. */
interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * Frames that make work and move nothing: PING, SETTINGS, PRIORITY, empty DATA, unknown types, frames on closed streams.
 * Whenever we send for a call, the bucket is full again, for clients that measure the round trip ping as often.
 */
const idleFrames: Allowance = { burst: 1000, perSecond: 50 };

/** Calls that the client takes back (CVE-2023-44487). Clients that time out take back all they have at once. */
const resets: Allowance = { burst: 10_000, perSecond: 1000 };

/** Ends connections whose peer keeps us busy for nothing (RFC 9113 section 10.5). */
export class FloodGuard {
  readonly #idleFrames = new Bucket(idleFrames);
  readonly #resets = new Bucket(resets);
  /** What is agreed about PINGs beyond that, if anything. */
  readonly #pings: PingPolicy | null;

  constructor(pings: PingPolicy | null = null) {
    this.#pings = pings;
  }

  /** Counts a frame that moves nothing. Throws ConnectionFault when there were too many. `nowMs` is monotonic. */
  onIdleFrame(nowMs: number): void {
    if (!this.#idleFrames.take(nowMs)) {
      throw new ConnectionFault(ErrorCode.enhanceYourCalm, 'too many frames that move nothing');
    }
  }

  /** Counts a PING. Throws ConnectionFault when there were too many. */
  onPing(nowMs: number, hasCalls: boolean): void {
    this.onIdleFrame(nowMs);
    this.#pings?.onPing(nowMs, hasCalls);
  }

  /** Counts a call taken back. Throws ConnectionFault when there were too many. */
  onReset(nowMs: number): void {
    if (!this.#resets.take(nowMs)) {
      throw new ConnectionFault(ErrorCode.enhanceYourCalm, 'too many calls cancelled');
    }
  }

  /** The connection moves something. */
  onProgress(): void {
    this.#idleFrames.refill();
    this.#pings?.onProgress();
  }
}

class Bucket {
  readonly #allowance: Allowance;
  #left: number;
  /** Since when tokens are earned that are not counted in `#left`; null while it is full. */
  #earningSinceMs: number | null = null;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
    this.#left = allowance.burst;
  }

  refill(): void {
    this.#left = this.#allowance.burst;
    this.#earningSinceMs = null;
  }

  /** Takes a token; false when there is none. */
  take(nowMs: number): boolean {
    this.#earningSinceMs ??= nowMs;
    if (this.#left < 1) {
      const { burst, perSecond } = this.#allowance;
      const earned = ((nowMs - this.#earningSinceMs) / 1000) * perSecond;
      this.#left = Math.min(burst, this.#left + earned);
      this.#earningSinceMs = nowMs;
    }
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
