import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import type { Clock } from '../../../../base/clock.js';
import { TokenError } from '../token-authenticator.js';

/** Reads a JSON document of the issuer over verified TLS. */
export type JsonFetcher = (url: string) => Promise<unknown>;

/** Reads documents over verified TLS. */
export interface IssuerReader {
  readonly json: JsonFetcher;
  /** The text of a document, which is asked for with a bearer token unless that is ''. */
  readonly text: (url: string, bearerToken: string) => Promise<string>;
}

/** Keys are looked up again for an unknown key id, but not more often than this. */
const refreshMs = 10_000;

/**
 * The keys of an issuer, as its discovery document leads to them. They are fetched when first needed, and again when a token names a
 * key that is not among them.
 */
export class IssuerKeys {
  readonly #options: {
    readonly issuerUrl: string;
    readonly discoveryUrl: string;
    readonly signingAlgorithms: readonly string[];
  };
  readonly #fetchJson: JsonFetcher;
  readonly #clock: Clock;
  #keys: ReturnType<typeof createLocalJWKSet> | null = null;
  #fetchedMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | null = null;

  /** `discoveryUrl` '': the one that OpenID Connect has for the issuer. */
  constructor(
    options: {
      readonly issuerUrl: string;
      readonly discoveryUrl: string;
      readonly signingAlgorithms: readonly string[];
    },
    fetchJson: JsonFetcher,
    clock: Clock,
  ) {
    this.#options = options;
    this.#fetchJson = fetchJson;
    this.#clock = clock;
  }

  /** Resolves when one of the keys has signed the token. Rejects with TokenError. */
  async verify(token: string): Promise<void> {
    for (;;) {
      const fetchedMs = this.#fetchedMs;
      if (this.#keys === null) await this.#fetchKeys();
      if (this.#keys === null) throw new TokenError('oidc: authenticator not initialized');
      try {
        const algorithms = [...this.#options.signingAlgorithms];
        await compactVerify(token, this.#keys, { algorithms });
        return;
      } catch (error) {
        const isUnknownKey =
          error instanceof errors.JWKSNoMatchingKey ||
          error instanceof errors.JWSSignatureVerificationFailed;
        const isFresh = this.#clock.now() - this.#fetchedMs < refreshMs;
        if (!isUnknownKey || isFresh || fetchedMs !== this.#fetchedMs) {
          throw new TokenError('oidc: verify token: failed to verify signature', { cause: error });
        }
        await this.#fetchKeys();
      }
    }
  }

  /** Fetches the keys; all who wait share one look. A failure keeps the keys that are there. */
  #fetchKeys(): Promise<void> {
    this.#fetching ??= this.#fetchOnce().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetchOnce(): Promise<void> {
    const { issuerUrl, discoveryUrl } = this.#options;
    this.#fetchedMs = this.#clock.now();
    const base = issuerUrl.replace(/\/$/, '');
    const url = discoveryUrl === '' ? `${base}/.well-known/openid-configuration` : discoveryUrl;
    try {
      const discovery = (await this.#fetchJson(url)) as Readonly<Record<string, unknown>>;
      const { issuer, jwks_uri: keySetUrl } = discovery;
      if (issuer !== issuerUrl || typeof keySetUrl !== 'string') return;
      this.#keys = createLocalJWKSet((await this.#fetchJson(keySetUrl)) as JSONWebKeySet);
    } catch (error) {
      if (this.#keys === null)
        throw new TokenError('oidc: authenticator not initialized', { cause: error });
    }
  }
}
