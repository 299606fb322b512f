import type { Clock } from '../../../../base/clock.js';
import { peekClaims } from '../../../api/service-account/claims.js';
import type { TokenAuthenticator, TokenIdentity } from '../token-authenticator.js';
import { DistributedClaims } from './distributed-claims.js';
import { IssuerKeys, type IssuerReader } from './issuer-keys.js';
import type { JwtSettings } from './jwt-settings.js';
import { mappedUser } from './mapped-user.js';
import { checkValidity } from './token-validity.js';

/** Knows the tokens of one issuer, be it one of the --oidc-* flags or of a configuration file. */
export class JwtAuthenticator implements TokenAuthenticator {
  readonly #settings: JwtSettings;
  readonly #keys: IssuerKeys;
  readonly #clock: Clock;
  /** Groups may be elsewhere; null: they are no claim. */
  readonly #distributed: DistributedClaims | null;

  constructor(settings: JwtSettings, reader: IssuerReader, clock: Clock) {
    this.#settings = settings;
    this.#keys = new IssuerKeys(settings, reader.json, clock);
    this.#clock = clock;
    const { groups } = settings;
    this.#distributed =
      groups.kind === 'claim' ? new DistributedClaims(groups.claim, settings, reader, clock) : null;
  }

  async authenticateToken(
    token: string,
    _audiences: readonly string[],
  ): Promise<TokenIdentity | null> {
    const claims = peekClaims(token);
    const { issuerUrl, audiences } = this.#settings;
    if (claims === null || claims.iss !== issuerUrl) return null;
    await this.#keys.verify(token);
    const nowMs = this.#clock.wallTime();
    checkValidity(claims, { audiences, nowMs, context: 'oidc: verify token' });
    const expanded = this.#distributed === null ? claims : await this.#distributed.expand(claims);
    return { user: mappedUser(expanded, this.#settings), audiences: [] };
  }
}
