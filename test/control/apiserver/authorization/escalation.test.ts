import t from 'tap';
import type { PolicyRule } from '../../../../src/control/api/gen/rbac-v1.js';
import { EscalationCheck } from '../../../../src/control/apiserver/authorization/rbac/escalation.js';
import { RbacAuthorizer } from '../../../../src/control/apiserver/authorization/rbac/rbac-authorizer.js';
import { RbacPolicy } from '../../../../src/control/apiserver/authorization/rbac/rbac-policy.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { AdmissionWorld, admit } from '../admission/world.js';
import { user } from './request.js';

const group = 'rbac.authorization.k8s.io';
const jane = user('jane', 'dev');
const pods: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };

/** Jane may read pods, escalate the role `free`, and bind the cluster role `given`. */
function check(): { plugin: EscalationCheck; world: AdmissionWorld } {
  const policy = new RbacPolicy();
  const role = (name: string, ...rules: PolicyRule[]) =>
    policy.upsert('clusterroles', { metadata: { name }, rules } as KubeObject);
  role('reader', pods);
  role(
    'special',
    {
      verbs: ['escalate'],
      apiGroups: [group],
      resources: ['clusterroles', 'roles'],
      resourceNames: ['free'],
    },
    { verbs: ['bind'], apiGroups: [group], resources: ['clusterroles'], resourceNames: ['given'] },
  );
  role('given', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] });
  role('secrets', { verbs: ['get'], apiGroups: [''], resources: ['secrets'] });
  for (const name of ['reader', 'special'])
    policy.upsert('clusterrolebindings', {
      metadata: { name },
      roleRef: { kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', name: 'jane' }],
    } as KubeObject);
  return {
    plugin: new EscalationCheck(policy, new RbacAuthorizer(policy)),
    world: new AdmissionWorld(),
  };
}

const roleOf = (name: string, rules: PolicyRule[], more: object = {}) => ({
  metadata: { name },
  rules,
  ...more,
});
const bindingOf = (name: string, kind: string, role: string) => ({
  metadata: { name },
  roleRef: { apiGroup: group, kind, name: role },
  subjects: [],
});
const held = 'is attempting to grant RBAC permissions not currently held:';
const by = 'user "jane" (groups=["dev"])';

t.test('EscalationCheck lets users give away what they have, and no more', async (t) => {
  const cases: readonly [string, object, object | null, string | null][] = [
    ['CREATE clusterroles', roleOf('a', [pods]), null, null],
    [
      'CREATE clusterroles',
      roleOf('a', [{ ...pods, verbs: ['get'], resourceNames: ['x'] }]),
      null,
      null,
    ],
    [
      'CREATE clusterroles',
      roleOf('a', [
        { ...pods, verbs: ['get', 'delete', 'create'] },
        { verbs: ['get'], nonResourceURLs: ['/x'] },
      ]),
      null,
      `clusterroles.${group} "a" is forbidden: ${by} ${held}\n{APIGroups:[""], Resources:["pods"], Verbs:["delete" "create"]}\n{NonResourceURLs:["/x"], Verbs:["get"]}`,
    ],
    [
      'CREATE clusterroles',
      roleOf('free', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]),
      null,
      null,
    ],
    [
      'UPDATE clusterroles',
      roleOf('a', [{ ...pods, verbs: ['*'] }]),
      roleOf('a', [pods]),
      `clusterroles.${group} "a" is forbidden: ${by} ${held}\n{APIGroups:[""], Resources:["pods"], Verbs:["*"]}`,
    ],
    [
      'UPDATE clusterroles',
      {
        metadata: { name: 'big', ownerReferences: [{ uid: 'u' }] },
        rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      },
      roleOf('big', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]),
      null,
    ],
    [
      'CREATE clusterroles',
      roleOf('a', [], { aggregationRule: { clusterRoleSelectors: [{}] } }),
      null,
      `clusterroles.${group} "a" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
    ],
    ['CREATE clusterrolebindings', bindingOf('b', 'ClusterRole', 'reader'), null, null],
    ['CREATE clusterrolebindings', bindingOf('b', 'ClusterRole', 'given'), null, null],
    [
      'CREATE clusterrolebindings',
      bindingOf('b', 'ClusterRole', 'secrets'),
      null,
      `clusterrolebindings.${group} "b" is forbidden: ${by} ${held}\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}`,
    ],
    [
      'CREATE rolebindings',
      bindingOf('b', 'Role', 'gone'),
      null,
      `roles.${group} "gone" not found`,
    ],
  ];
  for (const [what, object, old, error] of cases) {
    const { plugin, world } = check();
    const [operation, resource] = what.split(' ');
    const request = world.request(
      `${operation} ${group}/${resource} ${resource === 'rolebindings' ? 'n/' : '/'}`,
      { object, old, user: jane },
    );
    t.equal(await admit(plugin, request), error, `${what} ${JSON.stringify(object)}`);
  }
});

t.test('EscalationCheck keeps nothing from administrators and looks at nothing else', async (t) => {
  const { plugin, world } = check();
  const everything = roleOf('a', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]);
  t.equal(
    await admit(
      plugin,
      world.request(`CREATE ${group}/clusterroles /`, {
        object: everything,
        user: user('root', 'system:masters'),
      }),
    ),
    null,
  );
  t.equal(
    await admit(
      plugin,
      world.request('CREATE other.io/clusterroles /', { object: everything, user: jane }),
    ),
    null,
  );
});
