import type { AuthorizationDecision, AuthorizationRequest, Authorizer } from '../contracts.js';

/** An authorizer that can be exchanged for another while requests are answered. */
export class CurrentAuthorizer implements Authorizer {
  #current: Authorizer;

  constructor(current: Authorizer) {
    this.#current = current;
  }

  /** Requests from now on are decided by `next`. */
  replace(next: Authorizer): void {
    this.#current = next;
  }

  authorize(request: AuthorizationRequest): Promise<AuthorizationDecision> | AuthorizationDecision {
    return this.#current.authorize(request);
  }
}
