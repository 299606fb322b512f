import type { TokenReview } from '../../api/gen/authentication-v1.js';
import type {
  SubjectAccessReview,
  SubjectAccessReviewSpec,
} from '../../api/gen/authorization-v1.js';
import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue, required } from '../../machinery/field-path.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import { badRequest, invalid } from '../../machinery/status-errors.js';
import { reviewSelf } from '../authentication/reviews.js';
import type { AuthorizationRequest, Authorizer, UserInfo } from '../contracts.js';
import type { Exchange } from '../exchange.js';
import { parseWriteOptions } from '../options/write-options.js';
import type { HandlerTools } from './handler-tools.js';
import { negotiate, sendDocument } from './output.js';
import type { SubresourceHandler } from './router.js';
import { readDocument } from './subresources.js';
import { verbNotAllowed } from './verb-not-allowed.js';

/** Who answers reviews. */
export interface ReviewParts {
  readonly authorizer: Authorizer;
  reviewToken(review: TokenReview): Promise<TokenReview>;
}

const authentication = 'authentication.k8s.io';
const authorization = 'authorization.k8s.io';

/** Resources that are questions: they are answered and not kept. By `resource.group`. */
export function reviewHandlers(parts: ReviewParts): ReadonlyMap<string, SubresourceHandler> {
  const access = (kind: string) =>
    reviewHandler(authorization, kind, (review, exchange) =>
      answerAccess(review as SubjectAccessReview, exchange, parts.authorizer),
    );
  return new Map<string, SubresourceHandler>([
    [
      `tokenreviews.${authentication}`,
      reviewHandler(authentication, 'TokenReview', (review) =>
        parts.reviewToken(review as TokenReview),
      ),
    ],
    [
      `selfsubjectreviews.${authentication}`,
      reviewHandler(authentication, 'SelfSubjectReview', async (_review, exchange) =>
        reviewSelf(exchange.user, exchange.nowMs),
      ),
    ],
    [`subjectaccessreviews.${authorization}`, access('SubjectAccessReview')],
    [`selfsubjectaccessreviews.${authorization}`, access('SelfSubjectAccessReview')],
    [`localsubjectaccessreviews.${authorization}`, access('LocalSubjectAccessReview')],
  ]);
}

function reviewHandler(
  group: string,
  kind: string,
  answer: (review: KubeObject, exchange: Exchange) => Promise<KubeObject>,
): SubresourceHandler {
  return async (exchange: Exchange, tools: HandlerTools) => {
    if (exchange.info.verb !== 'create') throw verbNotAllowed();
    const output = negotiate(exchange, tools.protobuf);
    const options = parseWriteOptions(exchange.query, 'CreateOptions');
    const of = { group, version: exchange.info.version, kind };
    const review = await readDocument(exchange, tools, of, options);
    const answered = await answer(review, exchange);
    await sendDocument(exchange, { ...output, as: null }, 201, fieldsOf(answered));
  };
}

/** Whether a user may do something: SubjectAccessReview and its two relatives. */
async function answerAccess(
  review: SubjectAccessReview,
  exchange: Exchange,
  authorizer: Authorizer,
): Promise<KubeObject> {
  const spec = review.spec ?? {};
  const isSelf = review.kind === 'SelfSubjectAccessReview';
  checkReview(review, exchange, isSelf);
  const user = isSelf ? exchange.user : subjectOf(spec);
  const decision = await authorizer.authorize(questionOf(user, spec));
  const status = {
    allowed: decision.decision === 'allow',
    ...(decision.decision === 'deny' ? { denied: true } : {}),
    ...(decision.reason === '' ? {} : { reason: decision.reason }),
  };
  return { ...review, status } as KubeObject;
}

function checkReview(review: SubjectAccessReview, { info }: Exchange, isSelf: boolean): void {
  const spec = review.spec ?? {};
  const errors: FieldError[] = [];
  const path = fieldPath('spec');
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    errors.push(
      invalidValue(
        path.child('nonResourceAttributes'),
        nonResourceAttributes,
        'cannot be specified in combination with resourceAttributes',
      ),
    );
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    errors.push(
      invalidValue(
        path.child('resourceAttributes'),
        null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    );
  }
  if (!isSelf && (spec.user ?? '') === '' && (spec.groups ?? []).length === 0) {
    errors.push(required(path.child('user'), 'at least one of user or group must be specified'));
  }
  if (errors.length > 0)
    throw invalid({ group: authorization, kind: review.kind ?? '' }, '', errors);
  if (info.namespace !== '' && resourceAttributes?.namespace !== info.namespace) {
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${info.namespace}`);
  }
}

function subjectOf({
  user = '',
  uid = '',
  groups = [],
  extra = {},
}: SubjectAccessReviewSpec): UserInfo {
  return { name: user, uid, groups, extra };
}

function questionOf(user: UserInfo, spec: SubjectAccessReviewSpec): AuthorizationRequest {
  const { resourceAttributes: about, nonResourceAttributes } = spec;
  return {
    user,
    verb: about?.verb ?? nonResourceAttributes?.verb ?? '',
    isResourceRequest: about !== undefined,
    path: nonResourceAttributes?.path ?? '',
    group: about?.group ?? '',
    version: about?.version ?? '',
    namespace: about?.namespace ?? '',
    resource: about?.resource ?? '',
    subresource: about?.subresource ?? '',
    name: about?.name ?? '',
  };
}
