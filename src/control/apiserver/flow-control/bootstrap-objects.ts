import type {
  FlowSchema,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  ResourcePolicyRule,
  Subject,
} from '../../api/gen/flowcontrol-v1.js';

/** Who writes these objects says so: they are kept as they are here unless somebody sets it to false. */
export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
const everything: ResourcePolicyRule = {
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  clusterScope: true,
  namespaces: ['*'],
};
const anyPath = { verbs: ['*'], nonResourceURLs: ['*'] };
const users = (...names: string[]): Subject[] =>
  names.map((name) => ({ kind: 'User', user: { name } }));
const groups = (...names: string[]): Subject[] =>
  names.map((name) => ({ kind: 'Group', group: { name } }));
const systemAccounts = (...names: string[]): Subject[] =>
  names.map((name) => ({
    kind: 'ServiceAccount',
    serviceAccount: { name, namespace: 'kube-system' },
  }));
const everybody = groups('system:unauthenticated', 'system:authenticated');
const all = (subjects: Subject[]): PolicyRulesWithSubjects[] => [
  { subjects, resourceRules: [everything], nonResourceRules: [anyPath] },
];
const within = (apiGroup: string, resources: string[], verbs: string[]): ResourcePolicyRule => ({
  verbs,
  apiGroups: [apiGroup],
  resources,
  namespaces: ['*'],
});
const electing = ['get', 'create', 'update'];

function metadata(name: string) {
  return { name, annotations: { [autoUpdateAnnotation]: 'true' } };
}

function limited(
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queuing: { queues: number; handSize: number } | null,
): PriorityLevelConfiguration {
  const limitResponse =
    queuing === null
      ? { type: 'Reject' }
      : { type: 'Queue', queuing: { ...queuing, queueLengthLimit: 50 } };
  return {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: metadata(name),
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares, lendablePercent, limitResponse },
    },
  };
}

/** The levels that every cluster has; the first and the last are mandatory. */
export const bootstrapLevels: readonly PriorityLevelConfiguration[] = [
  {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: metadata('exempt'),
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  limited('system', 30, 33, { queues: 64, handSize: 6 }),
  limited('node-high', 40, 25, { queues: 64, handSize: 6 }),
  limited('leader-election', 10, 0, { queues: 16, handSize: 4 }),
  limited('workload-high', 40, 50, { queues: 128, handSize: 6 }),
  limited('workload-low', 100, 90, { queues: 128, handSize: 6 }),
  limited('global-default', 20, 50, { queues: 128, handSize: 6 }),
  limited('catch-all', 5, 0, null),
];

function schema(
  name: string,
  level: string,
  matchingPrecedence: number,
  of: { by: 'ByUser' | 'ByNamespace' | null; rules: PolicyRulesWithSubjects[] },
): FlowSchema {
  return {
    apiVersion,
    kind: 'FlowSchema',
    metadata: metadata(name),
    spec: {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence,
      ...(of.by === null ? {} : { distinguisherMethod: { type: of.by } }),
      rules: of.rules,
    },
  };
}

const controllerManager = users('system:kube-controller-manager');
const scheduler = users('system:kube-scheduler');
const nodes = groups('system:nodes');
const anySystemAccount = systemAccounts('*');
const leases = within('coordination.k8s.io', ['leases'], electing);
const probe = { verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] };
const nodeRules = [
  { ...within('', ['nodes', 'nodes/status'], ['*']), clusterScope: true },
  within('coordination.k8s.io', ['leases'], ['*']),
];
const electors = [
  ...users('system:kube-controller-manager', 'system:kube-scheduler'),
  ...anySystemAccount,
];
const endpointWriters = [
  ...controllerManager,
  ...systemAccounts('endpoint-controller', 'endpointslicemirroring-controller'),
];

/** The schemas that every cluster has, as Kubernetes ships them; `exempt` and `catch-all` are mandatory. */
export const bootstrapSchemas: readonly FlowSchema[] = [
  schema('exempt', 'exempt', 1, { by: null, rules: all(groups('system:masters')) }),
  schema('probes', 'exempt', 2, {
    by: null,
    rules: [{ subjects: everybody, nonResourceRules: [probe] }],
  }),
  schema('system-leader-election', 'leader-election', 100, {
    by: 'ByUser',
    rules: [{ subjects: electors, resourceRules: [leases] }],
  }),
  schema('endpoint-controller', 'workload-high', 150, {
    by: 'ByUser',
    rules: [{ subjects: endpointWriters, resourceRules: [within('', ['endpoints'], electing)] }],
  }),
  schema('workload-leader-election', 'leader-election', 200, {
    by: 'ByUser',
    rules: [
      {
        subjects: anySystemAccount,
        resourceRules: [within('', ['endpoints', 'configmaps'], electing), leases],
      },
    ],
  }),
  schema('system-node-high', 'node-high', 400, {
    by: 'ByUser',
    rules: [{ subjects: nodes, resourceRules: nodeRules }],
  }),
  schema('system-nodes', 'system', 500, { by: 'ByUser', rules: all(nodes) }),
  schema('kube-controller-manager', 'workload-high', 800, {
    by: 'ByNamespace',
    rules: all(controllerManager),
  }),
  schema('kube-scheduler', 'workload-high', 800, { by: 'ByNamespace', rules: all(scheduler) }),
  schema('kube-system-service-accounts', 'workload-high', 900, {
    by: 'ByNamespace',
    rules: all(anySystemAccount),
  }),
  schema('service-accounts', 'workload-low', 9000, {
    by: 'ByUser',
    rules: all(groups('system:serviceaccounts')),
  }),
  schema('global-default', 'global-default', 9900, { by: 'ByUser', rules: all(everybody) }),
  schema('catch-all', 'catch-all', 10_000, { by: 'ByUser', rules: all(everybody) }),
];
