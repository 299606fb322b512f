import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import type { TokenReview } from '../api/gen/authentication-v1.js';
import { apiResource, type ControlClient } from '../client/index.js';
import { RememberedAnswers } from './remembered-answers.js';
import type { RequestUser } from './request-user.js';
import { withTimeout } from './with-timeout.js';

const tokenReviews = apiResource<TokenReview>(
  'authentication.k8s.io/v1',
  'tokenreviews',
  'TokenReview',
  'cluster',
);
const countMax = 4096;

/** For how long answers are believed, in milliseconds. */
export interface TokenReviewTimes {
  readonly goodMs: number;
  readonly badMs: number;
}

/** Has the API server say whose bearer tokens are. Tokens themselves are not kept. */
export class TokenReviews {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  readonly #answers: RememberedAnswers<RequestUser | null>;

  constructor(client: ControlClient, clock: Clock, { goodMs, badMs }: TokenReviewTimes) {
    this.#client = client;
    this.#clock = clock;
    this.#answers = new RememberedAnswers(clock, {
      countMax,
      ttlMs: (user) => (user === null ? badMs : goodMs),
    });
  }

  /** Null: it is nobody's. Rejects with StatusError or UnreachableError. */
  userOf(token: string): Promise<RequestUser | null> {
    const key = createHash('sha256').update(token).digest('base64');
    return this.#answers.get(key, () => this.#ask(token));
  }

  async #ask(token: string): Promise<RequestUser | null> {
    const review = { metadata: {}, spec: { token } };
    const { status } = await withTimeout(this.#clock, (signal) =>
      this.#client.objects(tokenReviews).create(review, { signal }),
    );
    if (status?.authenticated !== true) return null;
    const { username = '', uid = '', groups = [], extra = {} } = status.user ?? {};
    return { name: username, uid, groups, extra };
  }
}
