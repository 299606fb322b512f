import type { TokenReview } from '../../api/gen/authentication-v1.js';
import { type TokenAuthenticator, TokenError, type TokenIdentity } from './token-authenticator.js';
import { userInfo } from './user-info.js';

/** Posts a review to the webhook and answers what came back. Rejects when there is no answer. */
export type TokenReviewer = (review: TokenReview) => Promise<TokenReview>;

/** Asks another server whom a token speaks for (--authentication-token-webhook-config-file). Its answers are worth caching. */
export class WebhookTokenAuthenticator implements TokenAuthenticator {
  readonly #review: TokenReviewer;

  constructor(review: TokenReviewer) {
    this.#review = review;
  }

  async authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<TokenIdentity | null> {
    let answer: TokenReview;
    try {
      answer = await this.#review({
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        metadata: {},
        spec: { token, audiences: [...audiences] },
      });
    } catch (error) {
      throw new TokenError('the token webhook did not answer', { cause: error });
    }
    const { authenticated, error, user, audiences: own } = answer.status ?? {};
    if (authenticated !== true) {
      if (error !== undefined && error !== '') throw new TokenError(error);
      return null;
    }
    // A webhook that knows nothing of audiences means the API server's.
    const shared = own === undefined ? audiences : audiences.filter((each) => own.includes(each));
    if (audiences.length > 0 && shared.length === 0) return null;
    const { username = '', uid = '', groups = [], extra = {} } = user ?? {};
    return { user: userInfo({ name: username, uid, groups, extra }), audiences: shared };
  }
}
