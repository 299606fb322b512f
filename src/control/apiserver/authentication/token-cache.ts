import { createHash } from 'node:crypto';
import { assert } from '../../../base/assert.js';
import type { Clock } from '../../../base/clock.js';
import type { TokenAuthenticator, TokenIdentity } from './token-authenticator.js';
import type { TokenCacheMetrics } from './token-cache-metrics.js';

/** How long a good token is believed without looking again, as in Kubernetes. */
const goodMsDefault = 10_000;
const entriesMaxDefault = 4096;

interface Entry {
  readonly identity: TokenIdentity;
  readonly expiresMs: number;
}

/**
 * Remembers good tokens for ten seconds, or as long as is said, by their digest: tokens themselves are not kept. Requests that bring the same unknown
 * token at once share one look. Failures are not remembered. Bounded: the oldest entry makes room.
 */
export class TokenCache implements TokenAuthenticator {
  readonly #inner: TokenAuthenticator;
  readonly #clock: Clock;
  readonly #entriesMax: number;
  readonly #goodMs: number;
  readonly #metrics: TokenCacheMetrics | null;
  /** In order of expiry, since all live equally long. */
  readonly #entries = new Map<string, Entry>();
  readonly #pending = new Map<string, Promise<TokenIdentity | null>>();

  constructor(
    inner: TokenAuthenticator,
    clock: Clock,
    {
      entriesMax = entriesMaxDefault,
      goodMs = goodMsDefault,
      metrics = null,
    }: {
      readonly entriesMax?: number;
      readonly goodMs?: number;
      readonly metrics?: TokenCacheMetrics | null;
    } = {},
  ) {
    assert(entriesMax > 0);
    this.#inner = inner;
    this.#clock = clock;
    this.#entriesMax = entriesMax;
    this.#goodMs = goodMs;
    this.#metrics = metrics;
  }

  authenticateToken(token: string, audiences: readonly string[]): Promise<TokenIdentity | null> {
    const startMs = this.#clock.now();
    const key = keyOf(token, audiences);
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.expiresMs > startMs) {
      this.#metrics?.onRequest('hit', (this.#clock.now() - startMs) / 1000);
      return Promise.resolve(entry.identity);
    }
    const pending = this.#pending.get(key);
    const look = pending ?? this.#look(key, token, audiences);
    if (pending === undefined) this.#pending.set(key, look);
    if (this.#metrics !== null) this.#observe(this.#metrics, look, startMs, pending !== undefined);
    return look;
  }

  #observe(
    metrics: TokenCacheMetrics,
    look: Promise<unknown>,
    startMs: number,
    isShared: boolean,
  ): void {
    if (isShared) metrics.onBlocked(look);
    else metrics.onFetch(look);
    const done = () => metrics.onRequest('miss', (this.#clock.now() - startMs) / 1000);
    look.then(done, done);
  }

  async #look(
    key: string,
    token: string,
    audiences: readonly string[],
  ): Promise<TokenIdentity | null> {
    try {
      const identity = await this.#inner.authenticateToken(token, audiences);
      if (identity !== null) this.#keep(key, identity);
      return identity;
    } finally {
      this.#pending.delete(key);
    }
  }

  #keep(key: string, identity: TokenIdentity): void {
    this.#entries.delete(key);
    const now = this.#clock.now();
    for (const [oldest, entry] of this.#entries) {
      if (entry.expiresMs > now && this.#entries.size < this.#entriesMax) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, { identity, expiresMs: now + this.#goodMs });
  }
}

function keyOf(token: string, audiences: readonly string[]): string {
  const hash = createHash('sha256').update(token);
  for (const audience of audiences) hash.update(`\0${audience.length}:${audience}`);
  return hash.digest('base64');
}
