import type { AuthorizationDecision, AuthorizationRequest, Authorizer } from '../../contracts.js';
import type { RbacPolicy } from './rbac-policy.js';

/** Allows what roles bound to the user or its groups allow; has no opinion otherwise. Synchronous: it decides from memory. */
export class RbacAuthorizer implements Authorizer {
  readonly #policy: RbacPolicy;

  constructor(policy: RbacPolicy) {
    this.#policy = policy;
  }

  authorize(request: AuthorizationRequest): AuthorizationDecision {
    const source = this.#policy.allowedBy(request);
    if (source !== undefined) return { decision: 'allow', reason: `RBAC: allowed by ${source}` };
    const namespace = request.isResourceRequest ? request.namespace : '';
    const problems = this.#policy.missingRoles(request.user, namespace);
    if (problems.length === 0) return { decision: 'none', reason: '' };
    const unique = [...new Set(problems)];
    const text = unique.length === 1 ? unique[0] : `[${unique.join(', ')}]`;
    return { decision: 'none', reason: `RBAC: ${text}` };
  }
}
