import { apiResource, type ControlClient, resources } from '../../control/client/index.js';
import type { KubeObject } from '../../control/machinery/object.js';

const manager = 'flotilla-up';
const rbac = 'rbac.authorization.k8s.io/v1';

interface Role extends KubeObject {
  readonly rules: readonly object[];
}

interface RoleBinding extends KubeObject {
  readonly subjects: readonly object[];
  readonly roleRef: object;
}

const clusterRoles = apiResource<Role>(rbac, 'clusterroles', 'ClusterRole', 'cluster');
const roleBindings = apiResource<RoleBinding>(
  rbac,
  'clusterrolebindings',
  'ClusterRoleBinding',
  'cluster',
);

const follow = ['list', 'watch'];
const discovery = 'discovery.k8s.io';

/** A program that makes a Service of its own may write it and its slices, by these names, and make them. */
function ownService(name: string, slice: string): readonly object[] {
  const writes = ['get', 'patch'];
  return [
    { apiGroups: [''], resources: ['services'], verbs: ['create'] },
    { apiGroups: [discovery], resources: ['endpointslices'], verbs: ['create'] },
    { apiGroups: [''], resources: ['services'], resourceNames: [name], verbs: writes },
    {
      apiGroups: [discovery],
      resources: ['endpointslices'],
      resourceNames: [slice],
      verbs: writes,
    },
  ];
}

const reviews = [
  ['authentication.k8s.io', 'tokenreviews'],
  ['authorization.k8s.io', 'subjectaccessreviews'],
] as const;

/** What programs may do besides what Kubernetes' own roles allow, by user. */
const grants: readonly {
  readonly name: string;
  readonly user: string;
  readonly rules: readonly object[];
}[] = [
  {
    name: 'flotilla:pod-network',
    user: 'system:kube-proxy',
    rules: [
      { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: follow },
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: follow },
    ],
  },
  {
    name: 'flotilla:dns',
    user: 'flotilla:dns',
    rules: [
      { apiGroups: [''], resources: ['namespaces', 'pods', 'services'], verbs: follow },
      { apiGroups: [discovery], resources: ['endpointslices'], verbs: follow },
      ...ownService('kube-dns', 'kube-dns-flotilla'),
    ],
  },
  {
    name: 'flotilla:metrics-server',
    user: 'flotilla:metrics-server',
    rules: [
      { apiGroups: [''], resources: ['nodes', 'pods'], verbs: follow },
      { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
      ...reviews.map(([group, resource]) => ({
        ...{ apiGroups: [group], resources: [resource], verbs: ['create'] },
      })),
      ...ownService('metrics-server', 'metrics-server-flotilla'),
      { apiGroups: ['apiregistration.k8s.io'], resources: ['apiservices'], verbs: ['create'] },
      {
        ...{ apiGroups: ['apiregistration.k8s.io'], resources: ['apiservices'] },
        ...{ resourceNames: ['v1beta1.metrics.k8s.io'], verbs: ['get', 'patch'] },
      },
    ],
  },
];

/** Who may see a namespace may see what its pods use. */
const metricsReader: Role = {
  metadata: {
    name: 'system:aggregated-metrics-reader',
    labels: Object.fromEntries(
      ['view', 'edit', 'admin'].map((role) => [
        `rbac.authorization.k8s.io/aggregate-to-${role}`,
        'true',
      ]),
    ),
  },
  rules: [
    {
      apiGroups: ['metrics.k8s.io'],
      resources: ['nodes', 'pods'],
      verbs: ['get', 'list', 'watch'],
    },
  ],
};

/** Makes what a cluster of `flotilla up` has besides what every API server makes: rights of its programs, and a class of volumes. Rejects with StatusError and UnreachableError. */
export async function ensureClusterObjects(
  client: ControlClient,
  { volumes, signal }: { readonly volumes: string; readonly signal: AbortSignal },
): Promise<void> {
  const options = { manager, force: true, signal };
  for (const { name, user, rules } of grants) {
    const metadata = { name };
    const subject = { kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' };
    const roleRef = { kind: 'ClusterRole', name, apiGroup: 'rbac.authorization.k8s.io' };
    await client.objects(clusterRoles).apply({ metadata, rules }, options);
    await client.objects(roleBindings).apply({ metadata, subjects: [subject], roleRef }, options);
  }
  await client.objects(clusterRoles).apply(metricsReader, options);
  await ensureStorageClass(client, volumes, signal);
}

/** The administrator may change it or make another one the default: it is made once, and left alone from then on. */
async function ensureStorageClass(
  client: ControlClient,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const classes = client.objects(resources.storageClasses);
  const { items } = await classes.list({ signal });
  if (items.length > 0) return;
  await classes.create(
    {
      metadata: {
        name: 'standard',
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      provisioner: 'flotilla.dev/host-path',
      parameters: { path },
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
    },
    { signal, fieldManager: manager },
  );
}

/** Nodes that an earlier run had and this one has not are no nodes any more: their pods go elsewhere. Rejects with StatusError and UnreachableError. */
export async function removeOtherNodes(
  client: ControlClient,
  names: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const nodes = client.objects(resources.nodes);
  const { items } = await nodes.list({ signal });
  for (const { metadata } of items) {
    const { name = '' } = metadata;
    if (/^(node|simulated)-\d+$/.test(name) && !names.has(name))
      await nodes.delete({ name }, { signal });
  }
}
