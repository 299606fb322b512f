import t from 'tap';
import type { ClusterRole, ClusterRoleBinding } from '../../../../src/control/api/gen/rbac-v1.js';
import { kinds } from '../../../../src/control/api/rbac-v1/index.js';
import {
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  bootstrapRoleBindings,
  bootstrapRoles,
} from '../../../../src/control/apiserver/authorization/rbac/bootstrap/policy.js';
import {
  type RbacWriter,
  reconcileBootstrapRbac,
} from '../../../../src/control/apiserver/authorization/rbac/bootstrap/reconcile.js';
import { RbacAuthorizer } from '../../../../src/control/apiserver/authorization/rbac/rbac-authorizer.js';
import {
  RbacPolicy,
  type RbacResource,
} from '../../../../src/control/apiserver/authorization/rbac/rbac-policy.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { ask, askPath, user } from './request.js';

class MemoryWriter implements RbacWriter {
  readonly objects = new Map<string, KubeObject>();
  writes = 0;

  async ensure(
    resource: RbacResource,
    namespace: string,
    name: string,
    change: (current: KubeObject | undefined) => KubeObject | null,
  ): Promise<void> {
    const key = `${resource} ${namespace}/${name}`;
    const next = change(this.objects.get(key));
    if (next === null) return;
    this.writes++;
    this.objects.set(key, next);
  }

  async remove(resource: RbacResource, namespace: string, name: string): Promise<void> {
    this.objects.delete(`${resource} ${namespace}/${name}`);
  }

  policy(): RbacPolicy {
    const policy = new RbacPolicy();
    for (const [key, object] of this.objects)
      policy.upsert(key.split(' ')[0] as RbacResource, object);
    return policy;
  }
}

t.test('the bootstrap policy is valid and every binding names a role that is there', async (t) => {
  const context = { nowMs: 0, username: '', subresource: '' };
  const all: readonly [string, readonly KubeObject[]][] = [
    ['ClusterRole', bootstrapClusterRoles],
    ['ClusterRoleBinding', bootstrapClusterRoleBindings],
    ['Role', bootstrapRoles],
    ['RoleBinding', bootstrapRoleBindings],
  ];
  for (const [kind, objects] of all) {
    const rules = kinds.find((each) => each.of.kind === kind);
    const names = objects.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`);
    t.equal(new Set(names).size, names.length, `${kind} names are unique`);
    for (const object of objects)
      t.same(rules?.validateCreate?.(object, context), [], object.metadata.name ?? '');
  }
  const clusterRoles = new Set(bootstrapClusterRoles.map(({ metadata }) => metadata.name));
  for (const { roleRef } of bootstrapClusterRoleBindings)
    t.ok(clusterRoles.has(roleRef?.name), roleRef?.name ?? '');
  const roles = new Set(
    bootstrapRoles.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  for (const { roleRef, metadata } of bootstrapRoleBindings)
    t.ok(roles.has(`${metadata.namespace}/${roleRef?.name}`), roleRef?.name ?? '');
});

t.test('the bootstrap policy gives everybody what Kubernetes gives', async (t) => {
  const writer = new MemoryWriter();
  await reconcileBootstrapRbac(writer);
  const policy = writer.policy();
  const ref = (name: string) => ({
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name,
  });
  for (const role of ['admin', 'edit', 'view'])
    policy.upsert('rolebindings', {
      metadata: { namespace: 'n', name: role },
      roleRef: ref(role),
      subjects: [{ kind: 'User', name: role }],
    } as KubeObject);
  const authorizer = new RbacAuthorizer(policy);
  const [admin, edit, view] = [user('admin'), user('edit'), user('view')];
  const anybody = user('joe', 'system:authenticated');
  const cases: readonly [ReturnType<typeof ask>, boolean][] = [
    [ask(user('root', 'system:masters'), 'delete /nodes /a'), true],
    [askPath(anybody, 'get', '/openapi/v2'), true],
    [askPath(user('x', 'system:unauthenticated'), 'get', '/openapi/v2'), false],
    [askPath(user('x', 'system:unauthenticated'), 'get', '/version'), true],
    [ask(anybody, 'create authorization.k8s.io/selfsubjectaccessreviews /'), true],
    [ask(anybody, 'get /pods n/a'), false],
    [ask(view, 'get /pods n/a'), true],
    [ask(view, 'get /secrets n/a'), false],
    [ask(view, 'delete /pods n/a'), false],
    [ask(edit, 'delete /pods n/a'), true],
    [ask(edit, 'get /secrets n/a'), true],
    [ask(edit, 'get apps/deployments n/a'), true],
    [ask(edit, 'create rbac.authorization.k8s.io/rolebindings n/'), false],
    [ask(admin, 'create rbac.authorization.k8s.io/rolebindings n/'), true],
    [ask(admin, 'update /pods n/a'), true],
    [ask(admin, 'get /pods other/a'), false],
    [ask(user('system:kube-scheduler'), 'create /pods/binding n/a'), true],
    [ask(user('system:kube-controller-manager'), 'list apps/deployments /'), true],
    [ask(user('system:serviceaccount:kube-system:job-controller'), 'create /pods n/'), true],
    [ask(user('system:serviceaccount:default:job-controller'), 'create /pods n/'), false],
    [
      ask(
        user('system:kube-controller-manager'),
        'get /configmaps kube-system/extension-apiserver-authentication',
      ),
      true,
    ],
  ];
  for (const [request, isAllowed] of cases)
    t.equal(
      authorizer.authorize(request).decision === 'allow',
      isAllowed,
      `${request.user.name} ${request.verb} ${request.resource}${request.path}`,
    );
});

t.test(
  'reconcileBootstrapRbac adds what is missing and keeps what administrators changed',
  async (t) => {
    const writer = new MemoryWriter();
    await reconcileBootstrapRbac(writer);
    const first = writer.writes;
    await reconcileBootstrapRbac(writer);
    t.equal(writer.writes, first, 'the second start writes nothing');

    const key = 'clusterroles /system:kube-dns';
    const role = writer.objects.get(key) as ClusterRole;
    const own = { verbs: ['get'], apiGroups: ['x'], resources: ['y'] };
    writer.objects.set(key, {
      ...role,
      metadata: { ...role.metadata, labels: {} },
      rules: [own],
    } as ClusterRole);
    const kept = 'clusterroles /system:kube-scheduler';
    const scheduler = writer.objects.get(kept) as ClusterRole;
    writer.objects.set(kept, {
      ...scheduler,
      metadata: {
        ...scheduler.metadata,
        annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' },
      },
      rules: [],
    } as ClusterRole);
    const bindingKey = 'clusterrolebindings /system:kube-dns';
    const binding = writer.objects.get(bindingKey) as ClusterRoleBinding;
    writer.objects.set(bindingKey, {
      ...binding,
      roleRef: { ...binding.roleRef, name: 'view' },
    } as ClusterRoleBinding);
    const extraKey = 'clusterrolebindings /system:volume-scheduler';
    const extra = writer.objects.get(extraKey) as ClusterRoleBinding;
    writer.objects.set(extraKey, {
      ...extra,
      subjects: [{ kind: 'Group', name: 'ops' }],
    } as ClusterRoleBinding);

    await reconcileBootstrapRbac(writer);
    const repaired = writer.objects.get(key) as ClusterRole;
    t.same(repaired.rules, [own, ...(role.rules ?? [])]);
    t.equal(repaired.metadata.labels?.['kubernetes.io/bootstrapping'], 'rbac-defaults');
    t.same((writer.objects.get(kept) as ClusterRole).rules, [], 'autoupdate "false" is left alone');
    t.equal(
      (writer.objects.get(bindingKey) as ClusterRoleBinding).roleRef?.name,
      'system:kube-dns',
      'made anew',
    );
    t.equal((writer.objects.get(extraKey) as ClusterRoleBinding).subjects?.length, 2);
  },
);
