import { ConnectionFault } from './errors.js';
import { ErrorCode } from './protocol.js';

/** PINGs too early that are let pass: timers are not exact. */
const strikesMax = 2;
/** Milliseconds between PINGs while no call is in progress: then there is nothing to keep alive. */
const idleMinTimeMs = 2 * 3600 * 1000;

/**
 * How often a client may ask whether we are still there (gRPC proposal A8, "Server Enforcement"): while calls are in progress no
 * more often than agreed, and hardly ever while none is. Whenever we send for a call, it may ask again at once, for clients that
 * measure the round trip do.
 */
export class PingPolicy {
  readonly #minTimeMs: number;
  #lastAtMs = -Infinity;
  #strikes = 0;
  /** We have sent something for a call since the last PING. */
  #hasProgressed = false;

  /** Milliseconds between the PINGs of a client with calls in progress. */
  constructor(minTimeMs: number) {
    this.#minTimeMs = minTimeMs;
  }

  /** We send something for a call. */
  onProgress(): void {
    this.#hasProgressed = true;
  }

  /** A PING has come. Throws ConnectionFault when there were too many; its text is the one that gRPC clients look for. */
  onPing(nowMs: number, hasCalls: boolean): void {
    const sinceLastMs = nowMs - this.#lastAtMs;
    this.#lastAtMs = nowMs;
    if (this.#hasProgressed) {
      this.#hasProgressed = false;
      this.#strikes = 0;
      return;
    }
    if (sinceLastMs >= (hasCalls ? this.#minTimeMs : idleMinTimeMs)) return;
    this.#strikes++;
    if (this.#strikes > strikesMax) {
      throw new ConnectionFault(ErrorCode.enhanceYourCalm, 'too_many_pings');
    }
  }
}
