import t from 'tap';
import {
  AbacError,
  abacAuthorizer,
  parseAbacPolicies,
} from '../../../../src/control/apiserver/authorization/abac.js';
import { MatchConditions } from '../../../../src/control/apiserver/authorization/match-conditions.js';
import { RbacAuthorizer } from '../../../../src/control/apiserver/authorization/rbac/rbac-authorizer.js';
import { RbacPolicy } from '../../../../src/control/apiserver/authorization/rbac/rbac-policy.js';
import {
  reviewLocalSubjectAccess,
  reviewSelfSubjectAccess,
  reviewSelfSubjectRules,
  reviewSubjectAccess,
} from '../../../../src/control/apiserver/authorization/reviews.js';
import { ruleSource } from '../../../../src/control/apiserver/authorization/rule-source.js';
import { selectorAttributes } from '../../../../src/control/apiserver/authorization/selector-attributes.js';
import { WebhookAuthorizer } from '../../../../src/control/apiserver/authorization/webhook-authorizer.js';
import type { AuthorizationRequest } from '../../../../src/control/apiserver/contracts.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { ask, askPath, user } from './request.js';

const policy = new RbacPolicy();
policy.upsert('clusterroles', {
  metadata: { name: 'reader' },
  rules: [
    { verbs: ['get'], apiGroups: [''], resources: ['pods'] },
    { verbs: ['get'], nonResourceURLs: ['/x'] },
  ],
} as KubeObject);
policy.upsert('rolebindings', {
  metadata: { namespace: 'n', name: 'b' },
  roleRef: { kind: 'ClusterRole', name: 'reader' },
  subjects: [{ kind: 'Group', name: 'dev' }],
} as KubeObject);
const authorizer = new RbacAuthorizer(policy);
const pods = { verb: 'get', resource: 'pods', namespace: 'n' };

t.test('access reviews tell what the authorizer decides', async (t) => {
  const jane = user('jane', 'dev');
  const reason = 'RBAC: allowed by RoleBinding "b/n" of ClusterRole "reader" to Group "dev"';
  const subject = await reviewSubjectAccess(
    { metadata: {}, spec: { user: 'jane', groups: ['dev'], resourceAttributes: pods } },
    authorizer,
  );
  t.same(subject.status, { allowed: true, reason });
  const self = await reviewSelfSubjectAccess(
    { metadata: {}, spec: { resourceAttributes: pods } },
    jane,
    authorizer,
  );
  t.same(self.status, { allowed: true, reason });
  const other = await reviewSelfSubjectAccess(
    { metadata: {}, spec: { nonResourceAttributes: { path: '/y', verb: 'get' } } },
    jane,
    authorizer,
  );
  t.same(other.status, { allowed: false });
  const denying = { authorize: () => ({ decision: 'deny' as const, reason: 'no' }) };
  t.same(
    (
      await reviewSelfSubjectAccess(
        { metadata: {}, spec: { resourceAttributes: pods } },
        jane,
        denying,
      )
    ).status,
    { allowed: false, denied: true, reason: 'no' },
  );
  const local = await reviewLocalSubjectAccess(
    { metadata: {}, spec: { user: 'jane', groups: ['dev'], resourceAttributes: pods } },
    'n',
    authorizer,
  );
  t.same(local.status, { allowed: true, reason });
  t.equal(local.metadata.namespace, 'n');
});

t.test('access reviews refuse what cannot be asked', async (t) => {
  const cases: readonly [Promise<unknown>, number, RegExp][] = [
    [
      reviewSubjectAccess({ metadata: {}, spec: { user: 'a' } }, authorizer),
      422,
      /exactly one of nonResourceAttributes or resourceAttributes must be specified/,
    ],
    [
      reviewSubjectAccess(
        { metadata: {}, spec: { user: 'a', resourceAttributes: {}, nonResourceAttributes: {} } },
        authorizer,
      ),
      422,
      /cannot be specified in combination with resourceAttributes/,
    ],
    [
      reviewSubjectAccess({ metadata: {}, spec: { resourceAttributes: pods } }, authorizer),
      422,
      /spec\.user: Invalid value: "": at least one of user or group must be specified/,
    ],
    [
      reviewLocalSubjectAccess(
        { metadata: {}, spec: { user: 'a', resourceAttributes: pods } },
        'm',
        authorizer,
      ),
      422,
      /spec\.resourceAttributes\.namespace: Invalid value: "n": must match metadata\.namespace/,
    ],
    [
      reviewLocalSubjectAccess(
        { metadata: {}, spec: { user: 'a', nonResourceAttributes: {} } },
        'n',
        authorizer,
      ),
      422,
      /disallowed on this kind of request/,
    ],
    [
      reviewSelfSubjectAccess(
        { metadata: { name: 'x' }, spec: { resourceAttributes: pods } },
        user('a'),
        authorizer,
      ),
      422,
      /^SelfSubjectAccessReview\.authorization\.k8s\.io "" is invalid: metadata: Invalid value: \{"name":"x"\}: must be empty$/,
    ],
    [
      reviewLocalSubjectAccess(
        {
          metadata: { namespace: 'n', labels: { a: 'b' } },
          spec: { user: 'a', resourceAttributes: pods },
        },
        'n',
        authorizer,
      ),
      422,
      /metadata: Invalid value: .*: must be empty except for namespace$/,
    ],
    [
      reviewSelfSubjectRules(
        { metadata: {}, spec: {} },
        user('a'),
        ruleSource(() => ['RBAC'], policy),
      ),
      400,
      /no namespace on request/,
    ],
  ];
  for (const [review, code, message] of cases) await t.rejects(review, { code, message });
});

t.test('access reviews ask about selectors', async (t) => {
  const fields = (...requirements: object[]) => ({ fieldSelector: { requirements } });
  const labels = (...requirements: object[]) => ({ labelSelector: { requirements } });
  const nodeName = { key: 'spec.nodeName', operator: 'In', values: ['n1'] };
  const ignored = (name: string, how = 'ignored') =>
    `spec.resourceAttributes.${name} ${how} due to parse error`;
  const cases: readonly [object, object, string | undefined][] = [
    [{}, {}, undefined],
    [{ fieldSelector: { rawSelector: 'spec.nodeName=n1' } }, fields(nodeName), undefined],
    [fields(nodeName), fields(nodeName), undefined],
    [
      fields({ key: 'a=b,c', operator: 'NotIn', values: ['x,y'] }),
      fields({ key: 'a=b,c', operator: 'NotIn', values: ['x,y'] }),
      undefined,
    ],
    [
      fields(nodeName, { key: 'a', operator: 'In', values: ['b', 'c'] }),
      fields(nodeName),
      ignored('fieldSelector', 'partially ignored'),
    ],
    [fields({ key: 'a', operator: 'Exists' }), {}, ignored('fieldSelector')],
    [{ fieldSelector: { rawSelector: 'nonsense' } }, {}, ignored('fieldSelector')],
    [
      { labelSelector: { rawSelector: 'a in (b,c),!d' } },
      labels(
        { key: 'a', operator: 'In', values: ['b', 'c'] },
        { key: 'd', operator: 'DoesNotExist' },
      ),
      undefined,
    ],
    [
      labels({ key: 'a', operator: 'Gt', values: ['5'] }, { key: 'b', operator: 'Exists' }),
      labels({ key: 'b', operator: 'Exists' }),
      ignored('labelSelector', 'partially ignored'),
    ],
    [
      { labelSelector: { rawSelector: 'a in (' }, fieldSelector: { rawSelector: '(' } },
      {},
      `${ignored('fieldSelector')}; ${ignored('labelSelector')}`,
    ],
  ];
  for (const [selectors, expected, evaluationError] of cases) {
    let asked: object = {};
    const listening = {
      authorize: (request: AuthorizationRequest) => {
        asked = selectorAttributes(request);
        return { decision: 'allow' as const, reason: '' };
      },
    };
    const resourceAttributes = { verb: 'list', resource: 'pods', ...selectors };
    const { status } = await reviewSelfSubjectAccess(
      { metadata: {}, spec: { resourceAttributes } },
      user('jane'),
      listening,
    );
    const what = JSON.stringify(selectors);
    t.same(asked, expected, what);
    t.same(status, { allowed: true, ...(evaluationError && { evaluationError }) }, what);
  }
});

t.test('access reviews refuse selectors that are none', async (t) => {
  const at = 'spec.resourceAttributes';
  const cases: readonly [object, string][] = [
    [
      { fieldSelector: {} },
      `${at}.fieldSelector.requirements: Required value: when ${at}.fieldSelector is specified, requirements or rawSelector is required`,
    ],
    [
      { labelSelector: { rawSelector: 'a', requirements: [{ key: 'a', operator: 'Exists' }] } },
      `${at}.labelSelector.rawSelector: Invalid value: "a": may not specified at the same time as requirements`,
    ],
    [
      { fieldSelector: { requirements: [{ operator: 'In' }] } },
      `[${at}.fieldSelector.requirements[0].key: Required value: must be specified, ${at}.fieldSelector.requirements[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn']`,
    ],
    [
      { labelSelector: { requirements: [{ key: 'a', operator: 'Exists', values: ['b'] }] } },
      `${at}.labelSelector.requirements[0].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
    ],
    [
      { labelSelector: { requirements: [{ key: 'a', operator: 'In', values: ['-'] }] } },
      `${at}.labelSelector.requirements[0].values[0]: Invalid value: "-": a valid label must be`,
    ],
  ];
  for (const [selectors, message] of cases) {
    const resourceAttributes = { ...pods, ...selectors };
    const review = { metadata: {}, spec: { user: 'a', resourceAttributes } };
    const of = (kind: string) => ({
      message: `${kind}.authorization.k8s.io "" is invalid: ${message}`,
    });
    for (const [kind, answer] of [
      ['SubjectAccessReview', reviewSubjectAccess(review, authorizer)],
      ['SelfSubjectAccessReview', reviewSelfSubjectAccess(review, user('a'), authorizer)],
      ['LocalSubjectAccessReview', reviewLocalSubjectAccess(review, 'n', authorizer)],
    ] as const)
      await answer.then(
        () => t.fail(`${kind} is answered`),
        (error: Error) =>
          t.equal(error.message.slice(0, of(kind).message.length), of(kind).message),
      );
  }
});

t.test('reviewSelfSubjectRules lists rules, and says what it cannot list', async (t) => {
  const listed = async (modes: readonly string[]) =>
    (
      await reviewSelfSubjectRules(
        { metadata: {}, spec: { namespace: 'n' } },
        user('jane', 'dev'),
        ruleSource(() => modes, policy),
      )
    ).status;
  t.same(await listed(['RBAC']), {
    resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }],
    incomplete: false,
  });
  t.match(await listed(['Webhook', 'AlwaysAllow']), {
    incomplete: true,
    evaluationError: 'webhook authorizer does not support user rule resolution',
    resourceRules: [{ verbs: ['*'] }],
  });
});

t.test('ABAC allows what a line allows', async (t) => {
  const line = (spec: object) =>
    JSON.stringify({
      apiVersion: 'abac.authorization.kubernetes.io/v1beta1',
      kind: 'Policy',
      spec,
    });
  const abac = abacAuthorizer(
    parseAbacPolicies(
      [
        line({ user: 'jane', namespace: 'n', resource: 'pods', apiGroup: '', readonly: true }),
        '# a comment',
        '',
        line({ group: 'system:authenticated', nonResourcePath: '/docs/*', readonly: true }),
        line({ user: 'root', namespace: '*', resource: '*', apiGroup: '*', nonResourcePath: '*' }),
      ].join('\n'),
    ),
  );
  const cases: readonly [ReturnType<typeof ask>, boolean][] = [
    [ask(user('jane'), 'get /pods n/a'), true],
    [ask(user('jane'), 'delete /pods n/a'), false],
    [ask(user('jane'), 'get /pods m/a'), false],
    [ask(user('joe'), 'get /pods n/a'), false],
    [ask(user('root'), 'delete apps/deployments m/a'), true],
    [askPath(user('x', 'system:authenticated'), 'get', '/docs/a'), true],
    [askPath(user('x', 'system:authenticated'), 'post', '/docs/a'), false],
    [askPath(user('x'), 'get', '/docs/a'), false],
  ];
  for (const [request, isAllowed] of cases)
    t.equal((await abac.authorize(request)).decision, isAllowed ? 'allow' : 'none');
  t.throws(() => parseAbacPolicies('{}'), AbacError);
  t.throws(() => parseAbacPolicies('\nnope'), /line 2 is no JSON object/);
});

t.test(
  'WebhookAuthorizer asks once for a while, and holds to its rule when nobody answers',
  async (t) => {
    const clock = new ManualClock();
    let asked = 0;
    let answer: object | null = { allowed: true, reason: 'ok' };
    const webhook = new WebhookAuthorizer(
      (review) => {
        asked++;
        return answer === null
          ? Promise.reject(new Error('down'))
          : Promise.resolve({ ...review, status: answer });
      },
      {
        ...{ allowedTtlMs: 1000, deniedTtlMs: 100, onError: 'none' },
        conditions: MatchConditions.none,
      },
      clock,
    );
    const request = ask(user('jane'), 'get /pods n/a');
    t.same(await webhook.authorize(request), { decision: 'allow', reason: 'ok' });
    t.same(await webhook.authorize(request), { decision: 'allow', reason: 'ok' });
    t.equal(asked, 1);
    clock.jump(1001);
    answer = { denied: true };
    t.same(await webhook.authorize(request), { decision: 'deny', reason: '' });
    clock.jump(101);
    answer = null;
    t.same(await webhook.authorize(request), { decision: 'none', reason: '' });
    t.same(await webhook.authorize(request), { decision: 'none', reason: '' });
    t.equal(asked, 4, 'failures are not remembered');
  },
);
