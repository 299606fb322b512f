import { type Clock, sleep } from '../../../../base/clock.js';
import type { Prng } from '../../../../base/prng.js';
import { WebhookStatusError } from '../../authentication/webhook-kubeconfig.js';
import type { ImagePolicySettings } from './settings.js';

/** What is asked about a pod: imagepolicy.k8s.io/v1alpha1. */
export interface ImageReviewSpec {
  readonly containers: readonly { readonly image: string }[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly namespace: string;
}

/** What the backend says to it. */
export interface ImageReviewStatus {
  readonly allowed?: boolean;
  readonly reason?: string;
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

/** A question, and with its answer. */
export interface ImageReview {
  readonly apiVersion: 'imagepolicy.k8s.io/v1alpha1';
  readonly kind: 'ImageReview';
  readonly metadata: { readonly creationTimestamp: null };
  readonly spec: ImageReviewSpec;
  readonly status?: ImageReviewStatus;
}

const answersMax = 1024;
const triesMax = 5;
const backoffFactor = 1.5;
const backoffJitter = 0.2;

/** Asks the backend about images, several times when it is only for a moment not able to answer, and remembers what it said. */
export class ImageReviews {
  readonly #ask: (review: ImageReview) => Promise<ImageReview>;
  readonly #settings: ImagePolicySettings;
  readonly #clock: Clock;
  readonly #prng: Prng;
  /** By question; the one that was used longest ago is first. */
  readonly #answers = new Map<string, { readonly status: ImageReviewStatus; untilMs: number }>();

  constructor(options: {
    /** Asks once. Rejects when there is no answer. */
    readonly ask: (review: ImageReview) => Promise<ImageReview>;
    readonly settings: ImagePolicySettings;
    readonly clock: Clock;
    readonly prng: Prng;
  }) {
    this.#ask = options.ask;
    this.#settings = options.settings;
    this.#clock = options.clock;
    this.#prng = options.prng;
  }

  /** Rejects when the backend does not answer; that is not remembered. */
  async review(spec: ImageReviewSpec, signal: AbortSignal): Promise<ImageReviewStatus> {
    const key = JSON.stringify(spec);
    const known = this.#known(key);
    if (known !== null) return known;
    const { status = {} } = await this.#askSeveralTimes(spec, signal);
    const { allowTtlMs, denyTtlMs } = this.#settings;
    const ttlMs = status.allowed === true ? allowTtlMs : denyTtlMs;
    if (ttlMs > 0) this.#keep(key, { status, untilMs: this.#clock.now() + ttlMs });
    return status;
  }

  #known(key: string): ImageReviewStatus | null {
    const entry = this.#answers.get(key);
    if (entry === undefined) return null;
    this.#answers.delete(key);
    if (entry.untilMs <= this.#clock.now()) return null;
    this.#answers.set(key, entry);
    return entry.status;
  }

  #keep(key: string, entry: { readonly status: ImageReviewStatus; untilMs: number }): void {
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size < answersMax) break;
      this.#answers.delete(oldest);
    }
    this.#answers.set(key, entry);
  }

  async #askSeveralTimes(spec: ImageReviewSpec, signal: AbortSignal): Promise<ImageReview> {
    let pauseMs = this.#settings.retryBackoffMs;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#ask({
          apiVersion: 'imagepolicy.k8s.io/v1alpha1',
          kind: 'ImageReview',
          metadata: { creationTimestamp: null },
          spec,
        });
      } catch (error) {
        if (tries === triesMax || !isPassing(error) || signal.aborted) throw error;
      }
      await sleep(this.#clock, pauseMs * (1 + backoffJitter * this.#prng.float()), signal);
      pauseMs *= backoffFactor;
    }
  }
}

/** Whether asking again may help: a backend that refuses, or is not there, will not have changed its mind. */
function isPassing(error: unknown): boolean {
  if (error instanceof WebhookStatusError) {
    const { status, mayRepeat } = error;
    return status === 429 || status === 500 || status === 504 || (status > 500 && mayRepeat);
  }
  for (let at = error; at instanceof Error; at = at.cause)
    if ((at as NodeJS.ErrnoException).code === 'ECONNRESET') return true;
  return false;
}
