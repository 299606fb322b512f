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
import { WebhookAuthorizer } from '../../../../src/control/apiserver/authorization/webhook-authorizer.js';
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
