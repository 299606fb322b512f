import type { Registry } from 'prom-client';
import type { Clock } from '../../../../base/clock.js';
import { textDigest } from '../../../../host/digest.js';
import { DistributionFamily } from '../../labelled-series.js';
import { type TokenAuthenticator, type TokenIdentity, TokenUnion } from '../token-authenticator.js';

const latencySeconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** An issuer of tokens, and who knows its tokens. */
export interface KnownIssuer {
  readonly url: string;
  readonly authenticator: TokenAuthenticator;
}

/** The issuers whose tokens are taken. They can be exchanged for others while requests are answered. */
export class CurrentIssuers implements TokenAuthenticator {
  readonly #clock: Clock;
  readonly #latency = new DistributionFamily(latencySeconds);
  #union = new TokenUnion([]);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on tokens of these are taken, and of no others. */
  replace(issuers: readonly KnownIssuer[]): void {
    this.#union = new TokenUnion(issuers.map((issuer) => this.#timed(issuer)));
  }

  authenticateToken(token: string, audiences: readonly string[]): Promise<TokenIdentity | null> {
    return this.#union.authenticateToken(token, audiences);
  }

  register(registry: Registry): void {
    this.#latency.register(registry, {
      name: 'apiserver_authentication_jwt_authenticator_latency_seconds',
      help: 'Seconds that it took to look at a token, by its issuer and what was found.',
    });
  }

  #timed({ url, authenticator }: KnownIssuer): TokenAuthenticator {
    const jwt_issuer_hash = textDigest(url);
    const observe = (result: 'success' | 'failure', startMs: number) => {
      const labels = { result, jwt_issuer_hash };
      const seconds = (this.#clock.now() - startMs) / 1000;
      this.#latency.observe(`${result} ${url}`, seconds, () => labels);
    };
    return {
      authenticateToken: async (token, audiences) => {
        const startMs = this.#clock.now();
        try {
          const identity = await authenticator.authenticateToken(token, audiences);
          // Tokens of others say nothing of this one.
          if (identity !== null) observe('success', startMs);
          return identity;
        } catch (error) {
          observe('failure', startMs);
          throw error;
        }
      },
    };
  }
}
