import type { Clock } from '../../base/clock.js';

/** etcd's --auth-token-ttl. */
export const defaultTokenTtlSeconds = 300;

/** Those that have run out are looked for this often, when tokens are added. */
const sweepMs = 1000;

interface Entry {
  readonly userName: string;
  /** On this member's clock. */
  expiresAtMs: number;
}

/**
 * The tokens of users that have logged in, as this member knows them. A token is good until it was not used here for its time
 * to live. Every member hears of every token by the log; none keeps them over a restart: whoever comes with one that is
 * not known any more logs in again.
 */
export class SimpleTokens {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #entries = new Map<string, Entry>();
  #sweptAtMs: number;

  constructor(options: { readonly clock: Clock; readonly ttlSeconds: number }) {
    this.#clock = options.clock;
    this.#ttlMs = options.ttlSeconds * 1000;
    this.#sweptAtMs = options.clock.now();
  }

  get size(): number {
    return this.#entries.size;
  }

  assign(token: string, userName: string): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#sweptAtMs >= sweepMs) this.#sweep(nowMs);
    this.#entries.set(token, { userName, expiresAtMs: nowMs + this.#ttlMs });
  }

  /** Whose the token is; undefined when it is not known, or not any more. Its time starts anew. */
  use(token: string): string | undefined {
    const entry = this.#entries.get(token);
    if (entry === undefined) return undefined;
    const nowMs = this.#clock.now();
    if (nowMs > entry.expiresAtMs) {
      this.#entries.delete(token);
      return undefined;
    }
    entry.expiresAtMs = nowMs + this.#ttlMs;
    return entry.userName;
  }

  /** The user has to log in again, everywhere. */
  dropUser(userName: string): void {
    for (const [token, entry] of this.#entries) {
      if (entry.userName === userName) this.#entries.delete(token);
    }
  }

  /** All users have to. */
  clear(): void {
    this.#entries.clear();
  }

  #sweep(nowMs: number): void {
    this.#sweptAtMs = nowMs;
    for (const [token, { expiresAtMs }] of this.#entries) {
      if (nowMs > expiresAtMs) this.#entries.delete(token);
    }
  }
}
