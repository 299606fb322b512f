import type {
  UserInfo as ReviewedUser,
  SelfSubjectReview,
  TokenReview,
} from '../../api/gen/authentication-v1.js';
import { badRequest } from '../../machinery/status-errors.js';
import { formatTime } from '../../machinery/time.js';
import type { UserInfo } from '../contracts.js';
import { type TokenAuthenticator, TokenError } from './token-authenticator.js';
import { withAuthenticatedGroup } from './user-info.js';

/** Answers a TokenReview: who a token speaks for. A token that does not hold is an answer, not a failure. */
export async function reviewToken(
  review: TokenReview,
  tokens: TokenAuthenticator,
  apiAudiences: readonly string[],
): Promise<TokenReview> {
  const token = review.spec?.token ?? '';
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const asked = review.spec?.audiences ?? [];
  const audiences = asked.length > 0 ? asked : apiAudiences;
  const answer = (status: NonNullable<TokenReview['status']>): TokenReview => ({
    kind: 'TokenReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: review.metadata,
    spec: review.spec ?? {},
    status,
  });
  try {
    const identity = await tokens.authenticateToken(token, audiences);
    if (identity === null) return answer({ user: {}, error: 'invalid bearer token' });
    return answer({
      authenticated: true,
      user: reviewedUser(withAuthenticatedGroup(identity.user)),
      ...(identity.audiences.length > 0 && { audiences: [...identity.audiences] }),
    });
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    // Kubernetes' own authenticator reports both that nobody knew the token and why.
    return answer({
      user: {},
      error: `[invalid bearer token, ${error.message.replace(/^\[|\]$/g, '')}]`,
    });
  }
}

/** Answers a SelfSubjectReview (`kubectl auth whoami`): the user that authentication found. */
export function reviewSelf(user: UserInfo, nowMs: number): SelfSubjectReview {
  return {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: formatTime(nowMs) },
    status: { userInfo: reviewedUser(user) },
  };
}

/** A user as the authentication API writes it; what is empty is left out. */
export function reviewedUser({ name, uid, groups, extra }: UserInfo): ReviewedUser {
  const extraEntries = Object.entries(extra).map(([key, values]): [string, string[]] => [
    key,
    [...values],
  ]);
  return {
    username: name,
    ...(uid !== '' && { uid }),
    ...(groups.length > 0 && { groups: [...groups] }),
    ...(extraEntries.length > 0 && { extra: Object.fromEntries(extraEntries) }),
  };
}
