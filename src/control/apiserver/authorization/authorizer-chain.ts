import { wellKnown } from '../authentication/user-info.js';
import type { AuthorizationDecision, AuthorizationRequest, Authorizer } from '../contracts.js';

/** Asks authorizers in order until one allows or denies. Without any opinion the reasons of all are given, a line each. */
export class AuthorizerChain implements Authorizer {
  readonly #authorizers: readonly Authorizer[];

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers;
  }

  authorize(request: AuthorizationRequest): AuthorizationDecision | Promise<AuthorizationDecision> {
    return this.#from(0, [], request);
  }

  /** Stays synchronous as long as the authorizers do: most decisions come from memory. */
  #from(
    start: number,
    reasons: string[],
    request: AuthorizationRequest,
  ): AuthorizationDecision | Promise<AuthorizationDecision> {
    for (const [offset, authorizer] of this.#authorizers.slice(start).entries()) {
      const answer = authorizer.authorize(request);
      if (answer instanceof Promise) {
        return answer.then((decision) => {
          if (decision.decision !== 'none') return decision;
          if (decision.reason !== '') reasons.push(decision.reason);
          return this.#from(start + offset + 1, reasons, request);
        });
      }
      if (answer.decision !== 'none') return answer;
      if (answer.reason !== '') reasons.push(answer.reason);
    }
    return { decision: 'none', reason: reasons.join('\n') };
  }
}

/** Mode AlwaysAllow. */
export const alwaysAllow: Authorizer = { authorize: () => ({ decision: 'allow', reason: '' }) };

/** Mode AlwaysDeny: as Kubernetes, it has no opinion, and what nobody allows is refused. */
export const alwaysDeny: Authorizer = {
  authorize: () => ({ decision: 'none', reason: 'Everything is forbidden.' }),
};

/** Members of system:masters may do everything, whatever the mode: the API server's own connections and its first administrator. */
export const mastersAuthorizer: Authorizer = {
  authorize: ({ user }) =>
    user.groups.includes(wellKnown.mastersGroup)
      ? { decision: 'allow', reason: '' }
      : { decision: 'none', reason: '' },
};

/** Lets everybody, even the anonymous, reach these paths (--authorization-always-allow-paths); `*` at the end stands for anything. */
export function alwaysAllowPaths(paths: readonly string[]): Authorizer {
  const exact = new Set(paths.filter((path) => !path.endsWith('*')));
  const prefixes = paths.filter((path) => path.endsWith('*')).map((path) => path.slice(0, -1));
  return {
    authorize: ({ isResourceRequest, path }) => {
      const isAllowed =
        !isResourceRequest &&
        (exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix)));
      return { decision: isAllowed ? 'allow' : 'none', reason: '' };
    },
  };
}
