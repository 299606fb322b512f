import type { Clock } from '../../../base/clock.js';
import type { SubjectAccessReview } from '../../api/gen/authorization-v1.js';
import type { AuthorizationDecision, AuthorizationRequest, Authorizer } from '../contracts.js';

/** Posts a review to the webhook and answers what came back. Rejects when there is no answer. */
export type ReviewPoster = (review: SubjectAccessReview) => Promise<SubjectAccessReview>;

/** The --authorization-webhook-cache-* flags, in milliseconds. */
export interface WebhookAuthorizerOptions {
  readonly allowedTtlMs: number;
  readonly deniedTtlMs: number;
  /** What holds while the webhook does not answer. */
  readonly onError: 'none' | 'deny';
}

const entriesMax = 8192;

/** Mode Webhook: asks another server by SubjectAccessReview, and remembers its answers for a while. */
export class WebhookAuthorizer implements Authorizer {
  readonly #post: ReviewPoster;
  readonly #options: WebhookAuthorizerOptions;
  readonly #clock: Clock;
  readonly #answers = new Map<
    string,
    { readonly decision: AuthorizationDecision; readonly expiresMs: number }
  >();

  constructor(post: ReviewPoster, options: WebhookAuthorizerOptions, clock: Clock) {
    this.#post = post;
    this.#options = options;
    this.#clock = clock;
  }

  async authorize(request: AuthorizationRequest): Promise<AuthorizationDecision> {
    const review = reviewOf(request);
    const key = JSON.stringify(review.spec);
    const known = this.#answers.get(key);
    if (known !== undefined && known.expiresMs > this.#clock.now()) return known.decision;
    try {
      const { status } = await this.#post(review);
      const decision: AuthorizationDecision = {
        decision: status?.allowed === true ? 'allow' : status?.denied === true ? 'deny' : 'none',
        reason: status?.reason ?? '',
      };
      this.#remember(key, decision);
      return decision;
    } catch {
      return { decision: this.#options.onError, reason: '' };
    }
  }

  #remember(key: string, decision: AuthorizationDecision): void {
    const { allowedTtlMs, deniedTtlMs } = this.#options;
    const ttlMs = decision.decision === 'allow' ? allowedTtlMs : deniedTtlMs;
    if (ttlMs <= 0) return;
    if (this.#answers.size >= entriesMax) this.#answers.clear();
    this.#answers.set(key, { decision, expiresMs: this.#clock.now() + ttlMs });
  }
}

function reviewOf(request: AuthorizationRequest): SubjectAccessReview {
  const { user, verb, group, version, namespace, resource, subresource, name, path } = request;
  const extra = Object.fromEntries(
    Object.entries(user.extra).map(([key, values]): [string, string[]] => [key, [...values]]),
  );
  const attributes = request.isResourceRequest
    ? { resourceAttributes: { namespace, verb, group, version, resource, subresource, name } }
    : { nonResourceAttributes: { path, verb } };
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: { user: user.name, uid: user.uid, groups: [...user.groups], extra, ...attributes },
  };
}
