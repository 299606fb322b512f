import type { TokenReview } from '../../api/gen/authentication-v1.js';
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '../../api/gen/authorization-v1.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import { reviewSelf } from '../authentication/reviews.js';
import {
  reviewLocalSubjectAccess,
  reviewSelfSubjectAccess,
  reviewSelfSubjectRules,
  reviewSubjectAccess,
} from '../authorization/reviews.js';
import type { RuleSource } from '../authorization/rule-source.js';
import type { Authorizer } from '../contracts.js';
import type { Exchange } from '../exchange.js';
import { parseWriteOptions } from '../options/write-options.js';
import { negotiate, sendDocument } from './output.js';
import { readDocument } from './read-document.js';
import type { SubresourceHandler } from './router.js';
import { verbNotAllowed } from './verb-not-allowed.js';

/** Who answers reviews. */
export interface ReviewParts {
  readonly authorizer: Authorizer;
  readonly rules: RuleSource;
  reviewToken(review: TokenReview): Promise<TokenReview>;
}

type Answer = (review: KubeObject, exchange: Exchange) => Promise<KubeObject> | KubeObject;

const authentication = 'authentication.k8s.io';
const authorization = 'authorization.k8s.io';

/** Resources that are questions: they are answered and not kept. By `resource.group`. */
export function reviewHandlers(parts: ReviewParts): ReadonlyMap<string, SubresourceHandler> {
  const { authorizer, rules } = parts;
  const answers: readonly (readonly [group: string, kind: string, answer: Answer])[] = [
    [authentication, 'TokenReview', (review) => parts.reviewToken(review as TokenReview)],
    [authentication, 'SelfSubjectReview', (_, { user, nowMs }) => reviewSelf(user, nowMs)],
    [
      authorization,
      'SubjectAccessReview',
      (review) => reviewSubjectAccess(review as SubjectAccessReview, authorizer),
    ],
    [
      authorization,
      'SelfSubjectAccessReview',
      (review, { user }) =>
        reviewSelfSubjectAccess(review as SelfSubjectAccessReview, user, authorizer),
    ],
    [
      authorization,
      'LocalSubjectAccessReview',
      (review, { info }) =>
        reviewLocalSubjectAccess(review as LocalSubjectAccessReview, info.namespace, authorizer),
    ],
    [
      authorization,
      'SelfSubjectRulesReview',
      (review, { user }) => reviewSelfSubjectRules(review as SelfSubjectRulesReview, user, rules),
    ],
  ];
  return new Map(
    answers.map(([group, kind, answer]) => [
      `${kind.toLowerCase()}s.${group}`,
      reviewHandler({ group, kind }, answer),
    ]),
  );
}

function reviewHandler(
  { group, kind }: { readonly group: string; readonly kind: string },
  answer: Answer,
): SubresourceHandler {
  return async (exchange, tools) => {
    if (exchange.info.verb !== 'create') throw verbNotAllowed();
    const output = negotiate(exchange, tools.protobuf, { hasTransforms: false });
    const options = parseWriteOptions(exchange.query, 'CreateOptions');
    const of = { group, version: exchange.info.version, kind };
    const review = await readDocument(exchange, tools, of, options);
    const answered = await answer(review, exchange);
    await sendDocument(exchange, output, 201, fieldsOf(answered));
  };
}
