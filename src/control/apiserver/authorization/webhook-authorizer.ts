import type { Clock } from '../../../base/clock.js';
import { WebClientError } from '../../../rpc/web-errors.js';
import type { SubjectAccessReview } from '../../api/gen/authorization-v1.js';
import { CelError } from '../../cel/values.js';
import { WebhookStatusError } from '../authentication/webhook-kubeconfig.js';
import type { AuthorizationDecision, AuthorizationRequest, Authorizer } from '../contracts.js';
import type { MatchConditions } from './match-conditions.js';
import { selectorAttributes } from './selector-attributes.js';

/** Posts a review to the webhook and answers what came back. Rejects when there is no answer. */
export type ReviewPoster = (review: SubjectAccessReview) => Promise<SubjectAccessReview>;

/** The --authorization-webhook-cache-* flags, or what a configuration file has of a webhook. */
export interface WebhookAuthorizerOptions {
  /** Milliseconds that an answer which allows is remembered; 0: not at all. */
  readonly allowedTtlMs: number;
  /** The same of all other answers. */
  readonly deniedTtlMs: number;
  /** What holds while the webhook does not answer. */
  readonly onError: 'none' | 'deny';
  /** The webhook is asked where all hold. */
  readonly conditions: MatchConditions;
}

/** Is told what becomes of the questions to a webhook. */
export interface WebhookObserver {
  onAnswer(result: 'success' | 'timeout' | 'error', seconds: number): void;
  /** No answer, and the next authorizer is asked instead. */
  onFailOpen(result: 'timeout' | 'error'): void;
  onConditions(result: 'match' | 'exclusion' | 'error', seconds: number): void;
}

const entriesMax = 8192;
/** Questions that clients make longer than this are not remembered. */
const keyLengthMax = 10_000;

/** Mode Webhook: asks another server by SubjectAccessReview, and remembers its answers for a while. */
export class WebhookAuthorizer implements Authorizer {
  readonly #post: ReviewPoster;
  readonly #options: WebhookAuthorizerOptions;
  readonly #clock: Clock;
  readonly #observer: WebhookObserver | null;
  readonly #answers = new Map<
    string,
    { readonly decision: AuthorizationDecision; readonly expiresMs: number }
  >();

  constructor(
    post: ReviewPoster,
    options: WebhookAuthorizerOptions,
    clock: Clock,
    observer: WebhookObserver | null = null,
  ) {
    this.#post = post;
    this.#options = options;
    this.#clock = clock;
    this.#observer = observer;
  }

  async authorize(request: AuthorizationRequest): Promise<AuthorizationDecision> {
    const review = reviewOf(request);
    const relevance = this.#relevance(review);
    if (relevance === 'error') return { decision: this.#options.onError, reason: '' };
    if (relevance === 'exclusion') return { decision: 'none', reason: '' };
    const key = JSON.stringify(review.spec);
    const known = this.#answers.get(key);
    if (known !== undefined && known.expiresMs > this.#clock.now()) return known.decision;
    const decision = await this.#ask(review);
    if (decision === null) return { decision: this.#options.onError, reason: '' };
    if (key.length <= keyLengthMax) this.#remember(key, decision);
    return decision;
  }

  #relevance({ spec = {} }: SubjectAccessReview): 'match' | 'exclusion' | 'error' {
    const { conditions } = this.#options;
    if (conditions.isEmpty) return 'match';
    const startMs = this.#clock.now();
    let result: 'match' | 'exclusion' | 'error';
    try {
      result = conditions.hold(spec) ? 'match' : 'exclusion';
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      result = 'error';
    }
    this.#observer?.onConditions(result, (this.#clock.now() - startMs) / 1000);
    return result;
  }

  /** Null without an answer. */
  async #ask(review: SubjectAccessReview): Promise<AuthorizationDecision | null> {
    const startMs = this.#clock.now();
    const seconds = () => (this.#clock.now() - startMs) / 1000;
    try {
      const { status } = await this.#post(review);
      this.#observer?.onAnswer('success', seconds());
      const { allowed, denied, reason = '' } = status ?? {};
      // Who says both means no.
      const decision = denied === true ? 'deny' : allowed === true ? 'allow' : 'none';
      return { decision, reason };
    } catch (error) {
      const result = isTimeout(error) ? 'timeout' : 'error';
      this.#observer?.onAnswer(result, seconds());
      if (this.#options.onError === 'none') this.#observer?.onFailOpen(result);
      return null;
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

function isTimeout(error: unknown): boolean {
  if (error instanceof WebhookStatusError) return error.status === 504;
  return error instanceof WebClientError && error.code === 'timeout';
}

function reviewOf(request: AuthorizationRequest): SubjectAccessReview {
  const { user, verb, group, version, namespace, resource, subresource, name, path } = request;
  const extra = Object.fromEntries(
    Object.entries(user.extra).map(([key, values]): [string, string[]] => [key, [...values]]),
  );
  const attributes = request.isResourceRequest
    ? {
        resourceAttributes: {
          ...{ namespace, verb, group, version, resource, subresource, name },
          ...selectorAttributes(request),
        },
      }
    : { nonResourceAttributes: { path, verb } };
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: { user: user.name, uid: user.uid, groups: [...user.groups], extra, ...attributes },
  };
}
