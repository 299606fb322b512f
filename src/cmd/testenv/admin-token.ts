import { timingSafeEqual } from 'node:crypto';
import type {
  TokenAuthenticator,
  TokenIdentity,
} from '../../control/apiserver/authentication/token-authenticator.js';
import { userInfo, wellKnown } from '../../control/apiserver/authentication/user-info.js';

/** Knows one token: that of the administrator, who may do everything. */
export class AdminToken implements TokenAuthenticator {
  readonly #token: Uint8Array;

  constructor(token: string) {
    this.#token = Buffer.from(token);
  }

  authenticateToken(token: string): Promise<TokenIdentity | null> {
    const given = Buffer.from(token);
    const isAdmin = given.length === this.#token.length && timingSafeEqual(given, this.#token);
    const user = userInfo({ name: 'admin', groups: [wellKnown.mastersGroup] });
    return Promise.resolve(isAdmin ? { user, audiences: [] } : null);
  }
}
