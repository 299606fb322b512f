import type { Logger } from '../../../base/logger.js';
import { unauthorized } from '../../machinery/status-errors.js';
import { CertificateError } from '../certificates/certificate-verifier.js';
import type { Authenticator, Credentials, UserInfo } from '../contracts.js';
import { aggregateText, TokenError } from './token-authenticator.js';
import { anonymousUser, withAuthenticatedGroup } from './user-info.js';

/** Where requests without credentials are let in as the anonymous user; what it may do is up to authorization. */
export type AnonymousPolicy =
  /** Nowhere. */
  | { readonly mode: 'off' }
  /** Everywhere, as --anonymous-auth=true. */
  | { readonly mode: 'on' }
  /** At exactly these paths. */
  | { readonly mode: 'paths'; readonly paths: readonly string[] };

/** Health is asked by machines that have no credentials. */
export const healthOnly: AnonymousPolicy = {
  mode: 'paths',
  paths: ['/healthz', '/livez', '/readyz'],
};

/** What a look at credentials ended with: a user, nothing that proves anything, or a reason why what was sent does not hold. */
export type AuthenticationResult =
  | { readonly user: UserInfo }
  | { readonly user: null; readonly error: string | null };

/**
 * Tells who asks: the first authenticator that knows the credentials wins, and credentials that one of them refuses never fall back
 * to the anonymous user.
 */
export class RequestAuthentication implements Authenticator {
  readonly #authenticators: readonly Authenticator[];
  readonly #anonymous: AnonymousPolicy;
  readonly #log: Logger;

  /** `authenticators` in Kubernetes' order: request headers, client certificates, bearer tokens. */
  constructor(authenticators: readonly Authenticator[], anonymous: AnonymousPolicy, log: Logger) {
    this.#authenticators = authenticators;
    this.#anonymous = anonymous;
    this.#log = log;
  }

  /** The user of a request to `path`. Rejects with StatusError 401. */
  async authenticateRequest(credentials: Credentials, path: string): Promise<UserInfo> {
    const result = await this.examine(credentials);
    if (result.user !== null) return result.user;
    if (result.error !== null) {
      this.#log.warn('unable to authenticate the request', { error: result.error });
      throw unauthorized('Unauthorized');
    }
    if (!this.#allowsAnonymous(path)) throw unauthorized('Unauthorized');
    return anonymousUser;
  }

  /** As {@link authenticateRequest}, but null where nothing was proved: whether that is allowed is the caller's business. */
  async authenticate(credentials: Credentials): Promise<UserInfo | null> {
    const result = await this.examine(credentials);
    if (result.user === null && result.error !== null) throw unauthorized('Unauthorized');
    return result.user;
  }

  /** Looks without judging; for TokenReview, which tells the reason. */
  async examine(credentials: Credentials): Promise<AuthenticationResult> {
    const errors: Error[] = [];
    for (const authenticator of this.#authenticators) {
      try {
        const user = await authenticator.authenticate(credentials);
        if (user !== null) return { user: withAuthenticatedGroup(user) };
      } catch (error) {
        if (!(error instanceof TokenError || error instanceof CertificateError)) throw error;
        errors.push(error);
      }
    }
    return { user: null, error: errors.length === 0 ? null : aggregateText(errors) };
  }

  #allowsAnonymous(path: string): boolean {
    switch (this.#anonymous.mode) {
      case 'off':
        return false;
      case 'on':
        return true;
      case 'paths':
        return this.#anonymous.paths.includes(path);
    }
  }
}
