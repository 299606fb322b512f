import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '../../api/gen/authorization-v1.js';
import type { ObjectMeta } from '../../api/gen/meta-v1.js';
import { semanticEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue } from '../../machinery/field-path.js';
import { badRequest, invalid } from '../../machinery/status-errors.js';
import { userInfo } from '../authentication/user-info.js';
import type { AuthorizationRequest, Authorizer, UserInfo } from '../contracts.js';
import { askedSelectors, selectorProblems } from './review-selectors.js';
import type { RuleSource } from './rule-source.js';

const group = 'authorization.k8s.io';
const apiVersion = `${group}/v1`;

/** Answers a SubjectAccessReview: may that user do this? */
export async function reviewSubjectAccess(
  review: SubjectAccessReview,
  authorizer: Authorizer,
): Promise<SubjectAccessReview> {
  const spec = review.spec ?? {};
  check('SubjectAccessReview', [
    ...subjectProblems(spec),
    ...metadataProblems(review.metadata, 'must be empty'),
  ]);
  return {
    kind: 'SubjectAccessReview',
    apiVersion,
    metadata: review.metadata,
    spec,
    status: await decide(spec, subjectOf(spec), authorizer),
  };
}

/** The same within one namespace, so that the right to ask can be given per namespace. */
export async function reviewLocalSubjectAccess(
  review: LocalSubjectAccessReview,
  namespace: string,
  authorizer: Authorizer,
): Promise<LocalSubjectAccessReview> {
  const spec = review.spec ?? {};
  const { namespace: _, ...metadata } = review.metadata;
  const problems = [
    ...subjectProblems(spec),
    ...metadataProblems(metadata, 'must be empty except for namespace'),
  ];
  const specNamespace = spec.resourceAttributes?.namespace ?? '';
  const metaNamespace = review.metadata.namespace || namespace;
  if (spec.resourceAttributes !== undefined && specNamespace !== metaNamespace) {
    problems.push(
      invalidValue(
        fieldPath('spec', 'resourceAttributes', 'namespace'),
        specNamespace,
        'must match metadata.namespace',
      ),
    );
  }
  if (spec.nonResourceAttributes !== undefined) {
    problems.push(
      invalidValue(
        fieldPath('spec', 'nonResourceAttributes'),
        spec.nonResourceAttributes,
        'disallowed on this kind of request',
      ),
    );
  }
  check('LocalSubjectAccessReview', problems);
  if (metaNamespace !== namespace) {
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
  }
  return {
    kind: 'LocalSubjectAccessReview',
    apiVersion,
    metadata: { ...review.metadata, namespace },
    spec,
    status: await decide(spec, subjectOf(spec), authorizer),
  };
}

/** May I do this? (`kubectl auth can-i`) */
export async function reviewSelfSubjectAccess(
  review: SelfSubjectAccessReview,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<SelfSubjectAccessReview> {
  const spec = review.spec ?? {};
  check('SelfSubjectAccessReview', [
    ...attributeProblems(spec),
    ...resourceProblems(spec),
    ...metadataProblems(review.metadata, 'must be empty'),
  ]);
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion,
    metadata: review.metadata,
    spec,
    status: await decide(spec, user, authorizer),
  };
}

/** What may I do in this namespace? (`kubectl auth can-i --list`) Only what rules say: webhooks cannot tell. */
export async function reviewSelfSubjectRules(
  review: SelfSubjectRulesReview,
  user: UserInfo,
  source: RuleSource,
): Promise<SelfSubjectRulesReview> {
  const namespace = review.spec?.namespace ?? '';
  if (namespace === '') throw badRequest('no namespace on request');
  const { resourceRules, nonResourceRules, isIncomplete, problems } = source.rulesFor(
    user,
    namespace,
  );
  return {
    kind: 'SelfSubjectRulesReview',
    apiVersion,
    metadata: review.metadata,
    spec: {},
    status: {
      resourceRules: [...resourceRules],
      nonResourceRules: [...nonResourceRules],
      incomplete: isIncomplete,
      ...(problems.length > 0 && { evaluationError: problems.join(', ') }),
    },
  };
}

function check(kind: string, problems: readonly FieldError[]): void {
  if (problems.length > 0) throw invalid({ group, kind }, '', problems);
}

/** A question has no name and no labels; managed fields may have been made of it. */
function metadataProblems(metadata: ObjectMeta, text: string): FieldError[] {
  const { managedFields: _, ...given } = metadata;
  return semanticEqual(given, {}) ? [] : [invalidValue(fieldPath('metadata'), given, text)];
}

type Attributes = Pick<SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'>;

function attributeProblems({
  resourceAttributes,
  nonResourceAttributes,
}: Attributes): FieldError[] {
  const hasResource = resourceAttributes !== undefined;
  const hasUrl = nonResourceAttributes !== undefined;
  if (hasResource !== hasUrl) return [];
  return [
    hasResource
      ? invalidValue(
          fieldPath('spec', 'nonResourceAttributes'),
          nonResourceAttributes,
          'cannot be specified in combination with resourceAttributes',
        )
      : invalidValue(
          fieldPath('spec', 'resourceAttributes'),
          null,
          'exactly one of nonResourceAttributes or resourceAttributes must be specified',
        ),
  ];
}

function resourceProblems({ resourceAttributes = {} }: Attributes): FieldError[] {
  return selectorProblems(resourceAttributes, fieldPath('spec', 'resourceAttributes'));
}

function subjectProblems(spec: SubjectAccessReviewSpec): FieldError[] {
  const problems = attributeProblems(spec);
  if ((spec.user ?? '') === '' && (spec.groups ?? []).length === 0) {
    problems.push(
      invalidValue(
        fieldPath('spec', 'user'),
        spec.user ?? '',
        'at least one of user or group must be specified',
      ),
    );
  }
  return [...problems, ...resourceProblems(spec)];
}

function subjectOf(spec: SubjectAccessReviewSpec): UserInfo {
  const { user = '', groups = [], uid = '', extra = {} } = spec;
  return userInfo({ name: user, groups, uid, extra });
}

function attributesRequest(
  { resourceAttributes, nonResourceAttributes }: Attributes,
  user: UserInfo,
): AuthorizationRequest {
  if (resourceAttributes !== undefined) {
    return {
      user,
      verb: resourceAttributes.verb ?? '',
      isResourceRequest: true,
      path: '',
      group: resourceAttributes.group ?? '',
      version: resourceAttributes.version || '*',
      namespace: resourceAttributes.namespace ?? '',
      resource: resourceAttributes.resource ?? '',
      subresource: resourceAttributes.subresource ?? '',
      name: resourceAttributes.name ?? '',
    };
  }
  return {
    user,
    verb: nonResourceAttributes?.verb ?? '',
    isResourceRequest: false,
    path: nonResourceAttributes?.path ?? '',
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
  };
}

async function decide(
  attributes: Attributes,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<SubjectAccessReviewStatus> {
  const { selectors, problems } = askedSelectors(attributes.resourceAttributes ?? {});
  const request = { ...attributesRequest(attributes, user), ...selectors };
  const { decision, reason } = await authorizer.authorize(request);
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' && { denied: true }),
    ...(reason !== '' && { reason }),
    ...(problems.length > 0 && { evaluationError: problems.join('; ') }),
  };
}
