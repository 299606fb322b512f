import type { Clock } from '../../../../base/clock.js';
import { audiencesOf, peekClaims } from '../../../api/service-account/claims.js';
import { type TokenAuthenticator, TokenError, type TokenIdentity } from '../token-authenticator.js';
import { IssuerKeys, type JsonFetcher } from './issuer-keys.js';
import type { JwtSettings } from './jwt-settings.js';
import { mappedUser } from './mapped-user.js';

/** Providers stamp a little ahead at times: the verifier that Kubernetes uses allows as much. */
const notBeforeLeewayMs = 300_000;

/** Knows the tokens of one issuer, be it one of the --oidc-* flags or of a configuration file. */
export class JwtAuthenticator implements TokenAuthenticator {
  readonly #settings: JwtSettings;
  readonly #keys: IssuerKeys;
  readonly #clock: Clock;

  constructor(settings: JwtSettings, fetchJson: JsonFetcher, clock: Clock) {
    this.#settings = settings;
    this.#keys = new IssuerKeys(settings, fetchJson, clock);
    this.#clock = clock;
  }

  async authenticateToken(
    token: string,
    _audiences: readonly string[],
  ): Promise<TokenIdentity | null> {
    const claims = peekClaims(token);
    if (claims === null || claims.iss !== this.#settings.issuerUrl) return null;
    await this.#keys.verify(token);
    checkTimes(claims, this.#clock.wallTime());
    this.#checkAudience(audiencesOf(claims));
    return { user: mappedUser(claims, this.#settings), audiences: [] };
  }

  #checkAudience(own: readonly string[]): void {
    const { audiences } = this.#settings;
    if (audiences.some((audience) => own.includes(audience))) return;
    const [only = ''] = audiences;
    const wanted =
      audiences.length === 1 ? JSON.stringify(only) : `in ${listed([...audiences].sort())}`;
    throw new TokenError(
      `oidc: verify token: oidc: expected audience ${wanted} got ${listed(own)}`,
    );
  }
}

function listed(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
}

function checkTimes({ exp, nbf }: Readonly<Record<string, unknown>>, nowMs: number): void {
  if (typeof exp !== 'number' || nowMs > exp * 1000)
    throw new TokenError('oidc: verify token: oidc: token is expired');
  if (typeof nbf === 'number' && nowMs + notBeforeLeewayMs < nbf * 1000)
    throw new TokenError('oidc: verify token: current time before the nbf (not before) time');
}
