import t from 'tap';
import { podLimits, podRequests } from '../../../../src/control/api/core-v1/pod/pod-amounts.js';
import type { ResourceQuota } from '../../../../src/control/api/gen/core-v1.js';
import type { LimitedResource } from '../../../../src/control/apiserver/admission/quota/limited-resources.js';
import { resourceQuota } from '../../../../src/control/apiserver/admission/quota/plugin.js';
import { AdmissionWorld, admit } from './world.js';

function quota(
  hard: Record<string, string>,
  used: Record<string, string>,
  spec: ResourceQuota['spec'] = {},
  name = 'q',
): ResourceQuota {
  return {
    metadata: { namespace: 'n', name, resourceVersion: '1' },
    spec: { hard, ...spec },
    status: { hard, used },
  };
}

const pod = (
  requests: Record<string, string>,
  limits: Record<string, string> = {},
  more: object = {},
) => ({
  metadata: { name: 'p', namespace: 'n' },
  spec: { containers: [{ name: 'c', resources: { requests, limits } }], ...more },
});

async function usedAfter(
  world: AdmissionWorld,
  name = 'q',
): Promise<Record<string, string> | undefined> {
  const stored = (await world.latest.get(
    { group: '', resource: 'resourcequotas' },
    'n',
    name,
  )) as ResourceQuota;
  return stored.status?.used;
}

t.test('ResourceQuota charges what it lets through and refuses the rest', async (t) => {
  const cases: readonly [
    string,
    ResourceQuota,
    string,
    object,
    object | null,
    string | null,
    Record<string, string>,
  ][] = [
    [
      'room',
      quota({ pods: '2', 'requests.cpu': '1' }, { pods: '1', 'requests.cpu': '500m' }),
      'CREATE /pods n/',
      pod({ cpu: '500m' }),
      null,
      null,
      { pods: '2', 'requests.cpu': '1' },
    ],
    [
      'too much',
      quota({ pods: '2', 'requests.cpu': '1' }, { pods: '1', 'requests.cpu': '500m' }),
      'CREATE /pods n/',
      pod({ cpu: '501m' }),
      null,
      'pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=501m, used: requests.cpu=500m, limited: requests.cpu=1',
      { pods: '1', 'requests.cpu': '500m' },
    ],
    [
      'no amount given',
      quota({ 'limits.memory': '1Gi', cpu: '1' }, { 'limits.memory': '0', cpu: '0' }),
      'CREATE /pods n/',
      pod({}),
      null,
      'pods "p" is forbidden: failed quota: q: must specify cpu for: c; limits.memory for: c',
      { 'limits.memory': '0', cpu: '0' },
    ],
    [
      'not counted yet',
      quota({ pods: '2' }, {}),
      'CREATE /pods n/',
      pod({}),
      null,
      'pods "p" is forbidden: status unknown for quota: q, resources: pods',
      {},
    ],
    [
      'extended resources',
      quota({ 'requests.nvidia.com/gpu': '1' }, { 'requests.nvidia.com/gpu': '1' }),
      'CREATE /pods n/',
      pod({ 'nvidia.com/gpu': '1' }),
      null,
      'pods "p" is forbidden: exceeded quota: q, requested: requests.nvidia.com/gpu=1, used: requests.nvidia.com/gpu=1, limited: requests.nvidia.com/gpu=1',
      { 'requests.nvidia.com/gpu': '1' },
    ],
    [
      'another scope',
      quota({ pods: '0' }, { pods: '0' }, { scopes: ['Terminating'] }),
      'CREATE /pods n/',
      pod({}),
      null,
      null,
      { pods: '0' },
    ],
    [
      'that scope',
      quota({ pods: '0' }, { pods: '0' }, { scopes: ['BestEffort', 'NotTerminating'] }),
      'CREATE /pods n/',
      pod({}),
      null,
      'pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0',
      { pods: '0' },
    ],
    [
      'a priority class',
      quota(
        { pods: '0' },
        { pods: '0' },
        {
          scopeSelector: {
            matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }],
          },
        },
      ),
      'CREATE /pods n/',
      pod({}, {}, { priorityClassName: 'low' }),
      null,
      null,
      { pods: '0' },
    ],
    [
      'an object count',
      quota({ 'count/deployments.apps': '1' }, { 'count/deployments.apps': '1' }),
      'CREATE apps/deployments n/',
      { metadata: { name: 'd' } },
      null,
      'deployments.apps "d" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=1, limited: count/deployments.apps=1',
      { 'count/deployments.apps': '1' },
    ],
    [
      'an alias',
      quota({ secrets: '1' }, { secrets: '0' }),
      'CREATE /secrets n/',
      { metadata: { name: 's' } },
      null,
      null,
      { secrets: '1' },
    ],
    [
      'events',
      quota({ 'count/events': '0' }, { 'count/events': '0' }),
      'CREATE /events n/',
      { metadata: { name: 'e' } },
      null,
      null,
      { 'count/events': '0' },
    ],
    [
      'an update of a Service to a load balancer',
      quota(
        { services: '1', 'services.loadbalancers': '1', 'services.nodeports': '2' },
        { services: '1', 'services.loadbalancers': '0', 'services.nodeports': '0' },
      ),
      'UPDATE /services n/s',
      {
        metadata: { name: 's', resourceVersion: '2' },
        spec: { type: 'LoadBalancer', ports: [{ port: 1 }, { port: 2 }] },
      },
      { metadata: { name: 's', resourceVersion: '2' }, spec: { ports: [{ port: 1 }] } },
      null,
      { services: '1', 'services.loadbalancers': '1', 'services.nodeports': '2' },
    ],
    [
      'an update that gives back',
      quota({ 'services.nodeports': '2' }, { 'services.nodeports': '2' }),
      'UPDATE /services n/s',
      { metadata: { name: 's' }, spec: {} },
      { metadata: { name: 's' }, spec: { type: 'NodePort', ports: [{ port: 1 }, { port: 2 }] } },
      null,
      { 'services.nodeports': '2' },
    ],
    [
      'storage of a class',
      quota(
        { 'gold.storageclass.storage.k8s.io/requests.storage': '10Gi' },
        { 'gold.storageclass.storage.k8s.io/requests.storage': '8Gi' },
      ),
      'CREATE /persistentvolumeclaims n/',
      {
        metadata: { name: 'c' },
        spec: { storageClassName: 'gold', resources: { requests: { storage: '3Gi' } } },
      },
      null,
      'persistentvolumeclaims "c" is forbidden: exceeded quota: q, requested: gold.storageclass.storage.k8s.io/requests.storage=3Gi, used: gold.storageclass.storage.k8s.io/requests.storage=8Gi, limited: gold.storageclass.storage.k8s.io/requests.storage=10Gi',
      { 'gold.storageclass.storage.k8s.io/requests.storage': '8Gi' },
    ],
    [
      'a claim that grows',
      quota({ 'requests.storage': '10Gi' }, { 'requests.storage': '8Gi' }),
      'UPDATE /persistentvolumeclaims n/c',
      { metadata: { name: 'c' }, spec: { resources: { requests: { storage: '5Gi' } } } },
      { metadata: { name: 'c' }, spec: { resources: { requests: { storage: '4Gi' } } } },
      null,
      { 'requests.storage': '9Gi' },
    ],
  ];
  for (const [title, stored, what, object, old, error, used] of cases) {
    const world = new AdmissionWorld().have('/resourcequotas', stored);
    t.equal(
      await admit(resourceQuota(world, []), world.request(what, { object, old })),
      error,
      title,
    );
    t.same(await usedAfter(world), used, title);
  }
});

t.test(
  'ResourceQuota lets exactly as many through as there is room for, however many ask at once',
  async (t) => {
    const world = new AdmissionWorld().have('/resourcequotas', quota({ pods: '7' }, { pods: '0' }));
    // Two servers with caches that never hear of what is written.
    const servers = [resourceQuota(world, []), resourceQuota(world, [])];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        admit(servers[index % 2]!, world.request('CREATE /pods n/', { object: pod({}) })),
      ),
    );
    t.equal(answers.filter((answer) => answer === null).length, 7);
    t.same(await usedAfter(world), { pods: '7' });
  },
);

t.test(
  'ResourceQuota tries again when somebody else was faster, and gives up at some time',
  async (t) => {
    const world = new AdmissionWorld().have('/resourcequotas', quota({ pods: '5' }, { pods: '0' }));
    const other = () =>
      world.latest.put('/resourcequotas', {
        ...quota({ pods: '5' }, { pods: '3' }),
        metadata: { namespace: 'n', name: 'q', resourceVersion: String(++world.revision) },
      });
    let times = 1;
    world.beforeStatusUpdate = () => {
      if (times-- > 0) other();
    };
    t.equal(
      await admit(resourceQuota(world, []), world.request('CREATE /pods n/', { object: pod({}) })),
      null,
    );
    t.same(await usedAfter(world), { pods: '4' });
    times = 100;
    t.match(
      await admit(resourceQuota(world, []), world.request('CREATE /pods n/', { object: pod({}) })),
      /it changed/,
    );
  },
);

t.test('ResourceQuota charges each of several quotas once', async (t) => {
  const world = new AdmissionWorld().have(
    '/resourcequotas',
    quota({ pods: '5' }, { pods: '0' }, {}, 'a'),
    quota({ pods: '5' }, { pods: '1' }, {}, 'b'),
  );
  let isFirst = true;
  world.beforeStatusUpdate = () => {
    if (!isFirst) return;
    isFirst = false;
    // The second is written by somebody else after the first was charged.
    world.latest.put('/resourcequotas', {
      ...quota({ pods: '5' }, { pods: '2' }, {}, 'b'),
      metadata: { namespace: 'n', name: 'b', resourceVersion: '50' },
    });
  };
  t.equal(
    await admit(resourceQuota(world, []), world.request('CREATE /pods n/', { object: pod({}) })),
    null,
  );
  t.same(await usedAfter(world, 'a'), { pods: '1' });
  t.same(await usedAfter(world, 'b'), { pods: '3' });
});

t.test('ResourceQuota refuses what needs a quota that is not there', async (t) => {
  const limited: readonly LimitedResource[] = [
    {
      ...{ group: '', resource: 'pods', matchContains: ['requests.cpu'] },
      matchScopes: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high', 'top'] }],
    },
    {
      ...{ group: '', resource: 'persistentvolumeclaims', matchScopes: [] },
      matchContains: ['.storageclass.storage.k8s.io/requests.storage'],
    },
  ];
  const busy = { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] };
  const high = { ...pod({}), spec: { containers: [], priorityClassName: 'high' } };
  const scoped = (scopeSelector: object) => ({
    ...quota({ pods: '5' }, { pods: '0' }),
    spec: { hard: { pods: '5' }, scopeSelector },
  });
  const ofHigh = { scopeName: 'PriorityClass', operator: 'In', values: ['high'] };
  const claim = {
    metadata: { name: 'c' },
    spec: { storageClassName: 'gold', resources: { requests: { storage: '1Gi' } } },
  };
  const cases: readonly [string, object | null, string, object, RegExp | null][] = [
    ['nothing of it', null, 'CREATE /pods n/', pod({}), null],
    [
      'without any quota',
      null,
      'CREATE /pods n/',
      { ...pod({}), spec: busy },
      /is forbidden: insufficient quota to consume: requests\.cpu$/,
    ],
    [
      'with a quota of something else',
      quota({ pods: '5' }, { pods: '0' }),
      'CREATE /pods n/',
      { ...pod({}), spec: busy },
      /insufficient quota to consume: requests\.cpu$/,
    ],
    [
      'with the quota',
      quota({ 'requests.cpu': '5' }, { 'requests.cpu': '0' }),
      'CREATE /pods n/',
      { ...pod({}), spec: busy },
      null,
    ],
    [
      'a class without a quota',
      quota({ pods: '5' }, { pods: '0' }),
      'CREATE /pods n/',
      high,
      /insufficient quota to match these scopes: \[\{PriorityClass In \[high top\]\}\]$/,
    ],
    ['a class with a quota', scoped({ matchExpressions: [ofHigh] }), 'CREATE /pods n/', high, null],
    [
      'a claim of a class',
      null,
      'CREATE /persistentvolumeclaims n/',
      claim,
      /insufficient quota to consume: gold\.storageclass\.storage\.k8s\.io\/requests\.storage$/,
    ],
  ];
  for (const [title, stored, what, object, error] of cases) {
    const world = new AdmissionWorld();
    if (stored !== null) world.have('/resourcequotas', stored as ReturnType<typeof quota>);
    const answer = await admit(resourceQuota(world, limited), world.request(what, { object }));
    if (error === null) t.equal(answer, null, title);
    else t.match(answer, error, title);
  }
});

t.test('ResourceQuota writes nothing for a dry run', async (t) => {
  const world = new AdmissionWorld().have('/resourcequotas', quota({ pods: '1' }, { pods: '0' }));
  t.equal(
    await admit(
      resourceQuota(world, []),
      world.request('CREATE /pods n/', { object: pod({}), isDryRun: true }),
    ),
    null,
  );
  t.same(await usedAfter(world), { pods: '0' });
});

t.test(
  'podRequests and podLimits count containers together and init containers by their peak',
  async (t) => {
    const resources = (cpu: string) => ({ resources: { requests: { cpu }, limits: { cpu } } });
    const cases: readonly [string, object, string][] = [
      ['containers add up', { containers: [resources('1'), resources('500m')] }, '1500m'],
      [
        'a large init container',
        { containers: [resources('1')], initContainers: [resources('3'), resources('2')] },
        '3',
      ],
      [
        'a sidecar',
        {
          containers: [resources('1')],
          initContainers: [{ ...resources('1'), restartPolicy: 'Always' }, resources('2')],
        },
        '3',
      ],
      [
        'an init container before a sidecar',
        {
          containers: [resources('1')],
          initContainers: [resources('2500m'), { ...resources('1'), restartPolicy: 'Always' }],
        },
        '2500m',
      ],
      ['overhead', { containers: [resources('1')], overhead: { cpu: '250m' } }, '1250m'],
      ['what the pod says itself', { containers: [resources('1')], ...resources('4') }, '4'],
    ];
    for (const [title, spec, cpu] of cases) {
      t.equal(podRequests({ metadata: {}, spec }).cpu, cpu, title);
      t.equal(podLimits({ metadata: {}, spec }).cpu, cpu, title);
    }
  },
);
