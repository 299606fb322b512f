import type { Clock } from '../../base/clock.js';
import type { SubjectAccessReview } from '../api/gen/authorization-v1.js';
import { apiResource, type ControlClient } from '../client/index.js';
import { RememberedAnswers } from './remembered-answers.js';
import type { AccessAttributes, RequestUser } from './request-user.js';
import { withTimeout } from './with-timeout.js';

const accessReviews = apiResource<SubjectAccessReview>(
  'authorization.k8s.io/v1',
  'subjectaccessreviews',
  'SubjectAccessReview',
  'cluster',
);
const countMax = 8192;

/** For how long answers are believed, in milliseconds. */
export interface AccessReviewTimes {
  readonly allowedMs: number;
  readonly deniedMs: number;
}

/** Has the API server say who may do what. */
export class AccessReviews {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  readonly #answers: RememberedAnswers<boolean>;

  constructor(client: ControlClient, clock: Clock, { allowedMs, deniedMs }: AccessReviewTimes) {
    this.#client = client;
    this.#clock = clock;
    this.#answers = new RememberedAnswers(clock, {
      countMax,
      ttlMs: (isAllowed) => (isAllowed ? allowedMs : deniedMs),
    });
  }

  /** Rejects with StatusError or UnreachableError. */
  isAllowed(user: RequestUser, attributes: AccessAttributes): Promise<boolean> {
    const spec = specOf(user, attributes);
    return this.#answers.get(JSON.stringify(spec), async () => {
      const review = { metadata: {}, spec };
      const { status } = await withTimeout(this.#clock, (signal) =>
        this.#client.objects(accessReviews).create(review, { signal }),
      );
      return status?.allowed === true;
    });
  }
}

function specOf(
  { name, uid, groups, extra }: RequestUser,
  attributes: AccessAttributes,
): NonNullable<SubjectAccessReview['spec']> {
  const { kind, ...asked } = attributes;
  return {
    user: name,
    ...(uid === '' ? {} : { uid }),
    groups: [...groups],
    extra: Object.fromEntries(
      Object.entries(extra).map(([key, values]): [string, string[]] => [key, [...values]]),
    ),
    ...(kind === 'resource' ? { resourceAttributes: asked } : { nonResourceAttributes: asked }),
  };
}
