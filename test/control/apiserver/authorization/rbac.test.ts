import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { PolicyRule } from '../../../../src/control/api/gen/rbac-v1.js';
import {
  AuthorizerChain,
  alwaysDeny,
  mastersAuthorizer,
} from '../../../../src/control/apiserver/authorization/authorizer-chain.js';
import { forbiddenRequest } from '../../../../src/control/apiserver/authorization/forbidden.js';
import { parseModes } from '../../../../src/control/apiserver/authorization/modes.js';
import { CompiledRules } from '../../../../src/control/apiserver/authorization/rbac/compiled-rules.js';
import { missingRules } from '../../../../src/control/apiserver/authorization/rbac/covers.js';
import { ruleAllows } from '../../../../src/control/apiserver/authorization/rbac/policy-rule.js';
import { RbacAuthorizer } from '../../../../src/control/apiserver/authorization/rbac/rbac-authorizer.js';
import {
  RbacPolicy,
  type RbacResource,
} from '../../../../src/control/apiserver/authorization/rbac/rbac-policy.js';
import type { AuthorizationRequest } from '../../../../src/control/apiserver/contracts.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { ask, askPath, user } from './request.js';

const jane = user('jane', 'dev');

function policy(): RbacPolicy {
  const roles = new RbacPolicy();
  roles.upsert('clusterroles', {
    metadata: { name: 'reader' },
    rules: [
      { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] },
      { verbs: ['get'], nonResourceURLs: ['/metrics', '/healthz/*'] },
    ],
  } as never);
  roles.upsert('roles', {
    metadata: { namespace: 'n', name: 'one' },
    rules: [
      { verbs: ['update'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['a'] },
    ],
  } as never);
  const ref = (kind: string, name: string) => ({
    apiGroup: 'rbac.authorization.k8s.io',
    kind,
    name,
  });
  roles.upsert('clusterrolebindings', {
    metadata: { name: 'devs-read' },
    roleRef: ref('ClusterRole', 'reader'),
    subjects: [{ kind: 'Group', name: 'dev' }],
  } as never);
  roles.upsert('rolebindings', {
    metadata: { namespace: 'n', name: 'jane-one' },
    roleRef: ref('Role', 'one'),
    subjects: [
      { kind: 'User', name: 'jane' },
      { kind: 'ServiceAccount', name: 'bot' },
    ],
  } as never);
  roles.upsert('rolebindings', {
    metadata: { namespace: 'm', name: 'broken' },
    roleRef: ref('ClusterRole', 'gone'),
    subjects: [{ kind: 'User', name: 'jane' }],
  } as never);
  return roles;
}

t.test('RbacAuthorizer allows what bindings give, and says by which', async (t) => {
  const authorizer = new RbacAuthorizer(policy());
  const bot = user('system:serviceaccount:n:bot');
  const cases: readonly [AuthorizationRequest, string | null, string][] = [
    [
      ask(jane, 'get /pods n/a'),
      'allow',
      'RBAC: allowed by ClusterRoleBinding "devs-read" of ClusterRole "reader" to Group "dev"',
    ],
    [
      ask(jane, 'list /pods /'),
      'allow',
      'RBAC: allowed by ClusterRoleBinding "devs-read" of ClusterRole "reader" to Group "dev"',
    ],
    [
      ask(jane, 'get /pods/log n/a'),
      'allow',
      'RBAC: allowed by ClusterRoleBinding "devs-read" of ClusterRole "reader" to Group "dev"',
    ],
    [ask(jane, 'get /pods/exec n/a'), null, ''],
    [ask(jane, 'delete /pods n/a'), null, ''],
    [ask(jane, 'get apps/pods n/a'), null, ''],
    [
      ask(jane, 'update /configmaps n/a'),
      'allow',
      'RBAC: allowed by RoleBinding "jane-one/n" of Role "one" to User "jane"',
    ],
    [ask(jane, 'update /configmaps n/b'), null, ''],
    [ask(jane, 'update /configmaps o/a'), null, ''],
    [ask(jane, 'update /configmaps /a'), null, ''],
    [
      ask(bot, 'update /configmaps n/a'),
      'allow',
      'RBAC: allowed by RoleBinding "jane-one/n" of Role "one" to ServiceAccount "bot/n"',
    ],
    [ask(user('system:serviceaccount:m:bot'), 'update /configmaps n/a'), null, ''],
    [
      ask(jane, 'get /secrets m/a'),
      null,
      'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
    ],
    [
      askPath(jane, 'get', '/metrics'),
      'allow',
      'RBAC: allowed by ClusterRoleBinding "devs-read" of ClusterRole "reader" to Group "dev"',
    ],
    [
      askPath(jane, 'get', '/healthz/etcd'),
      'allow',
      'RBAC: allowed by ClusterRoleBinding "devs-read" of ClusterRole "reader" to Group "dev"',
    ],
    [askPath(jane, 'get', '/healthz'), null, ''],
    [askPath(jane, 'post', '/metrics'), null, ''],
    [askPath(user('joe'), 'get', '/metrics'), null, ''],
  ];
  for (const [request, decision, reason] of cases) {
    const title = `${request.user.name} ${request.verb} ${request.resource}${request.path} ${request.namespace}/${request.name}`;
    t.same(authorizer.authorize(request), { decision: decision ?? 'none', reason }, title);
  }
});

t.test('RbacPolicy forgets compiled rules when roles or bindings change', async (t) => {
  const roles = policy();
  const authorizer = new RbacAuthorizer(roles);
  const request = ask(jane, 'get /pods n/a');
  t.equal(authorizer.authorize(request).decision, 'allow');
  roles.remove('clusterrolebindings', { metadata: { name: 'devs-read' } });
  t.equal(authorizer.authorize(request).decision, 'none');
  roles.upsert('clusterroles', {
    metadata: { name: 'gone' },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['*'] }],
  } as never);
  t.equal(authorizer.authorize(ask(jane, 'get /secrets m/a')).decision, 'allow');
});

t.test('forbiddenRequest words refusals as Kubernetes does', async (t) => {
  const cases: readonly [AuthorizationRequest, string, string][] = [
    [
      ask(jane, 'get /pods n/x'),
      '',
      'pods "x" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "n"',
    ],
    [
      ask(jane, 'list apps/deployments /'),
      '',
      'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" at the cluster scope',
    ],
    [
      ask(jane, 'create /pods/exec n/x'),
      'because',
      'pods "x" is forbidden: User "jane" cannot create resource "pods/exec" in API group "" in the namespace "n": because',
    ],
    [askPath(jane, 'get', '/metrics'), '', 'forbidden: User "jane" cannot get path "/metrics"'],
    [askPath(user('<b>'), 'get', '/x'), '', 'forbidden: User "&lt;b&gt;" cannot get path "/x"'],
  ];
  for (const [request, reason, message] of cases) {
    const error = forbiddenRequest(request, reason);
    t.equal(error.message, message);
    t.equal(error.code, 403);
    t.equal(error.reason, 'Forbidden');
  }
});

const words = {
  verbs: ['get', 'list', '*'],
  groups: ['', 'apps', '*'],
  resources: ['pods', 'pods/log', '*', '*/log', 'secrets'],
  names: ['a', 'b'],
  urls: ['/a', '/a/*', '*', '/b'],
};

function randomRule(prng: Prng): PolicyRule {
  const some = (from: readonly string[]) => from.filter(() => prng.chance(0.4));
  if (prng.chance(0.2)) return { verbs: some(words.verbs), nonResourceURLs: some(words.urls) };
  return {
    verbs: some(words.verbs),
    apiGroups: some(words.groups),
    resources: some(words.resources),
    resourceNames: prng.chance(0.5) ? [] : some(words.names),
  };
}

function randomRequest(prng: Prng): AuthorizationRequest {
  const verb = prng.pick(['get', 'list', 'delete']);
  if (prng.chance(0.2)) return askPath(jane, verb, prng.pick(['/a', '/a/b', '/b', '/c', '/']));
  const group = prng.pick(['', 'apps', 'batch']);
  const resource = prng.pick(['pods', 'pods/log', 'secrets', 'secrets/log', 'nodes']);
  return ask(jane, `${verb} ${group}/${resource} n/${prng.pick(['', 'a', 'b', 'c'])}`);
}

t.test('CompiledRules decides as the plain rules do, on random rules', async (t) => {
  for (let seed = 1; seed <= 400; seed++) {
    const prng = new Prng(seed);
    const rules = Array.from({ length: prng.int(0, 6) }, () => randomRule(prng));
    const compiled = new CompiledRules(rules);
    for (let round = 0; round < 50; round++) {
      const request = randomRequest(prng);
      const plain = rules.some((rule) => ruleAllows(rule, request));
      if (compiled.allows(request) !== plain)
        t.fail(`seed ${seed}: ${JSON.stringify({ rules, request, plain })}`);
    }
  }
});

t.test(
  'missingRules: what is not missing is allowed, and what is missing is not, on random rules',
  async (t) => {
    let covered = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const prng = new Prng(seed);
      const held = Array.from({ length: prng.int(0, 5) }, () => randomRule(prng));
      const wanted = [randomRule(prng)];
      const missing = missingRules(held, wanted);
      if (missing.length === 0) covered++;
      for (let round = 0; round < 60; round++) {
        const request = randomRequest(prng);
        const wants = wanted.some((rule) => ruleAllows(rule, request));
        const has = held.some((rule) => ruleAllows(rule, request));
        const isMissing = missing.some((rule) => ruleAllows(rule, request));
        if (wants && !has && !isMissing)
          t.fail(
            `seed ${seed}: more is granted than held: ${JSON.stringify({ held, wanted, request })}`,
          );
        if (isMissing && !wants)
          t.fail(
            `seed ${seed}: what is missing was not wanted: ${JSON.stringify({ held, wanted, request })}`,
          );
      }
    }
    t.ok(covered > 20, 'some of the wanted rules were held');
  },
);

t.test('AuthorizerChain asks in order and gathers reasons', async (t) => {
  const deny = { authorize: () => Promise.resolve({ decision: 'deny' as const, reason: 'no' }) };
  const none = {
    authorize: () => Promise.resolve({ decision: 'none' as const, reason: 'unsure' }),
  };
  const request = ask(jane, 'get /pods n/a');
  t.same(await new AuthorizerChain([none, alwaysDeny, none]).authorize(request), {
    decision: 'none',
    reason: 'unsure\nEverything is forbidden.\nunsure',
  });
  t.same(
    await new AuthorizerChain([none, deny, mastersAuthorizer]).authorize({
      ...request,
      user: user('a', 'system:masters'),
    }),
    { decision: 'deny', reason: 'no' },
  );
  const sync = new AuthorizerChain([alwaysDeny, mastersAuthorizer]).authorize({
    ...request,
    user: user('a', 'system:masters'),
  });
  t.notOk(sync instanceof Promise, 'what is decided from memory waits for nothing');
  t.same(sync, { decision: 'allow', reason: '' });
});

t.test('parseModes refuses what is no mode', async (t) => {
  t.same(parseModes(['Node', 'RBAC']), ['Node', 'RBAC']);
  t.throws(() => parseModes(['Rbac']), /authorization-mode "Rbac" is not a valid mode/);
  t.throws(() => parseModes(['RBAC', 'RBAC']), /has mode specified more than once/);
  t.throws(() => parseModes([]), /at least one authorization-mode must be passed/);
});

t.test(
  'RbacPolicy decides after any changes as one that was made from the result, on random changes',
  async (t) => {
    const group = 'rbac.authorization.k8s.io';
    for (let seed = 1; seed <= 60; seed++) {
      const prng = new Prng(seed);
      const grown = new RbacPolicy();
      const objects = new Map<string, [RbacResource, KubeObject]>();
      const subject = () =>
        prng.pick([
          { kind: 'User', name: 'jane' },
          { kind: 'Group', name: 'dev' },
          { kind: 'ServiceAccount', name: 'bot', ...(prng.chance(0.5) && { namespace: 'n' }) },
        ]);
      const random = (): [RbacResource, KubeObject] => {
        const resource = prng.pick([
          'clusterroles',
          'roles',
          'clusterrolebindings',
          'rolebindings',
        ] as const);
        const isNamespaced = resource === 'roles' || resource === 'rolebindings';
        const metadata = {
          name: prng.pick(['a', 'b', 'c']),
          ...(isNamespaced && { namespace: prng.pick(['n', 'm']) }),
          labels: { part: prng.pick(['x', 'y']) },
        };
        if (resource === 'clusterroles' && prng.chance(0.3))
          return [
            resource,
            {
              metadata,
              aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'x' } }] },
            } as KubeObject,
          ];
        if (resource === 'clusterroles' || resource === 'roles')
          return [resource, { metadata, rules: [randomRule(prng)] } as KubeObject];
        const kind = resource === 'rolebindings' && prng.chance(0.5) ? 'Role' : 'ClusterRole';
        const roleRef = { apiGroup: group, kind, name: prng.pick(['a', 'b', 'c']) };
        return [
          resource,
          {
            metadata,
            roleRef,
            subjects: Array.from({ length: prng.int(0, 3) }, subject),
          } as KubeObject,
        ];
      };
      for (let step = 0; step < 40; step++) {
        const [resource, object] = random();
        const key = `${resource} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
        const known = objects.get(key);
        if (known !== undefined && prng.chance(0.4)) {
          grown.remove(resource, known[1]);
          objects.delete(key);
        } else {
          grown.upsert(resource, object);
          objects.set(key, [resource, object]);
        }
        const fresh = new RbacPolicy();
        for (const [of, each] of objects.values()) fresh.upsert(of, each);
        const users = [
          jane,
          user('joe', 'dev'),
          user('system:serviceaccount:n:bot'),
          user('system:serviceaccount:m:bot'),
        ];
        for (const who of users) {
          const request = { ...randomRequest(prng), user: who };
          const isAllowed = (policy: RbacPolicy) => policy.allowedBy(request) !== undefined;
          if (isAllowed(grown) !== isAllowed(fresh))
            t.fail(
              `seed ${seed} step ${step}: ${JSON.stringify({ request, objects: [...objects.values()] })}`,
            );
          t.same(
            [...grown.missingRoles(who, 'n')].sort(),
            [...fresh.missingRoles(who, 'n')].sort(),
            `seed ${seed} step ${step}`,
          );
        }
      }
    }
  },
);
