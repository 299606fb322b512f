import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import type { Clock } from '../../../base/clock.js';
import { audiencesOf, peekClaims } from '../../api/service-account/claims.js';
import type { UserInfo } from '../contracts.js';
import { type TokenAuthenticator, TokenError, type TokenIdentity } from './token-authenticator.js';
import { userInfo } from './user-info.js';

/** What the --oidc-* flags say. */
export interface OidcOptions {
  /** An https URL, without a path to a document. */
  readonly issuerUrl: string;
  readonly clientId: string;
  /** Default in Kubernetes: `sub`. */
  readonly usernameClaim: string;
  /** Undefined: the issuer and `#`, but none for the claim `email`. `-`: none. */
  readonly usernamePrefix: string | undefined;
  /** '' for no groups. */
  readonly groupsClaim: string;
  readonly groupsPrefix: string;
  readonly signingAlgorithms: readonly string[];
  /** Claims that a token must have with exactly these values. */
  readonly requiredClaims: Readonly<Record<string, string>>;
}

/** Reads a JSON document of the issuer over verified TLS. */
export type JsonFetcher = (url: string) => Promise<unknown>;

/** Keys are looked up again for an unknown key id, but not more often than this. */
const refreshMs = 10_000;
/** Kubernetes allows clocks to differ by this much for expiry. */
const leewayMs = 0;

type Claims = Readonly<Record<string, unknown>>;

/**
 * Knows the ID tokens of one OpenID Connect provider. Its keys are fetched when first needed and again when a token names a key that
 * is not among them.
 */
export class OidcAuthenticator implements TokenAuthenticator {
  readonly #options: OidcOptions;
  readonly #fetchJson: JsonFetcher;
  readonly #clock: Clock;
  #keys: ReturnType<typeof createLocalJWKSet> | null = null;
  #fetchedMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | null = null;

  constructor(options: OidcOptions, fetchJson: JsonFetcher, clock: Clock) {
    this.#options = options;
    this.#fetchJson = fetchJson;
    this.#clock = clock;
  }

  async authenticateToken(
    token: string,
    _audiences: readonly string[],
  ): Promise<TokenIdentity | null> {
    const { issuerUrl, clientId } = this.#options;
    const claims = peekClaims(token);
    if (claims === null || claims.iss !== issuerUrl) return null;
    await this.#verifySignature(token);
    checkExpiry(claims, this.#clock.wallTime());
    const own = audiencesOf(claims);
    if (!own.includes(clientId)) {
      throw new TokenError(
        `oidc: verify token: oidc: expected audience ${JSON.stringify(clientId)} got [${own.map((a) => JSON.stringify(a)).join(' ')}]`,
      );
    }
    return { user: this.#user(claims), audiences: [] };
  }

  async #verifySignature(token: string): Promise<void> {
    for (;;) {
      const fetchedMs = this.#fetchedMs;
      if (this.#keys === null) await this.#fetchKeys();
      if (this.#keys === null) throw new TokenError('oidc: authenticator not initialized');
      try {
        await compactVerify(token, this.#keys, {
          algorithms: [...this.#options.signingAlgorithms],
        });
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
    this.#fetchedMs = this.#clock.now();
    const base = this.#options.issuerUrl.replace(/\/$/, '');
    try {
      const discovery = (await this.#fetchJson(
        `${base}/.well-known/openid-configuration`,
      )) as Claims;
      const { issuer, jwks_uri: keySetUrl } = discovery;
      if (issuer !== this.#options.issuerUrl || typeof keySetUrl !== 'string') return;
      this.#keys = createLocalJWKSet((await this.#fetchJson(keySetUrl)) as JSONWebKeySet);
    } catch (error) {
      if (this.#keys === null)
        throw new TokenError('oidc: authenticator not initialized', { cause: error });
    }
  }

  #user(claims: Claims): UserInfo {
    const { usernameClaim, groupsClaim, groupsPrefix, requiredClaims } = this.#options;
    const username = claims[usernameClaim];
    if (typeof username !== 'string' || username === '') {
      throw new TokenError(
        `oidc: parse username claims ${JSON.stringify(usernameClaim)}: claim not present`,
      );
    }
    if (usernameClaim === 'email' && 'email_verified' in claims && claims.email_verified !== true)
      throw new TokenError('oidc: email not verified');
    for (const [claim, value] of Object.entries(requiredClaims)) {
      if (!(claim in claims))
        throw new TokenError(`oidc: required claim ${claim} not present in ID token`);
      if (claims[claim] !== value) {
        throw new TokenError(
          `oidc: required claim ${claim} value does not match. Got = ${String(claims[claim])}, want = ${value}`,
        );
      }
    }
    return userInfo({
      name: this.#usernamePrefix() + username,
      groups: groupsOf(claims, groupsClaim).map((group) => groupsPrefix + group),
    });
  }

  #usernamePrefix(): string {
    const { usernamePrefix, usernameClaim, issuerUrl } = this.#options;
    if (usernamePrefix === '-') return '';
    if (usernamePrefix !== undefined && usernamePrefix !== '') return usernamePrefix;
    return usernameClaim === 'email' ? '' : `${issuerUrl}#`;
  }
}

function checkExpiry({ exp, nbf }: Claims, nowMs: number): void {
  if (typeof exp !== 'number' || nowMs - leewayMs > exp * 1000)
    throw new TokenError('oidc: verify token: oidc: token is expired');
  // Providers stamp a little ahead at times: five minutes, as the verifier that Kubernetes uses allows.
  if (typeof nbf === 'number' && nowMs + 300_000 < nbf * 1000)
    throw new TokenError('oidc: verify token: current time before the nbf (not before) time');
}

function groupsOf(claims: Claims, claim: string): readonly string[] {
  if (claim === '' || !(claim in claims)) return [];
  const groups = claims[claim];
  if (typeof groups === 'string') return [groups];
  if (Array.isArray(groups) && groups.every((group) => typeof group === 'string')) return groups;
  throw new TokenError(
    `oidc: parse groups claim ${JSON.stringify(claim)}: not a string or a list of strings`,
  );
}
