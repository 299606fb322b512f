import t from 'tap';
import { kinds } from '../../../../src/control/api/core-v1/index.js';
import type {
  EndpointSubset,
  Endpoints,
  Event,
  LimitRangeItem,
  Node,
  ResourceQuota,
} from '../../../../src/control/api/gen/core-v1.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import {
  cellsOf,
  context,
  createErrors,
  defaulted,
  kindOf,
  podOf,
  statusErrors,
  texts,
  updateErrors,
} from './fixtures.js';

/** An object of any kind, as a client may write it. */
function objectOf(fields: object, meta: KubeObject['metadata'] = {}): KubeObject {
  return { metadata: { name: 'x', namespace: 'default', ...meta }, ...fields };
}

t.test('kinds has rules for each kind once', async (t) => {
  const names = kinds.map(({ of }) => of.kind);
  t.same(names.length, new Set(names).size);
  t.same(names.sort(), [
    'Binding',
    'ComponentStatus',
    'ConfigMap',
    'Endpoints',
    'Event',
    'LimitRange',
    'Namespace',
    'Node',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'Pod',
    'PodTemplate',
    'ReplicationController',
    'ResourceQuota',
    'Secret',
    'Service',
    'ServiceAccount',
  ]);
});

const keyText =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

t.test('ConfigMap checks its keys and its size', async (t) => {
  const errors = (fields: object) => createErrors('ConfigMap', objectOf(fields));
  t.same(errors({ data: { 'a.b': 'x' }, binaryData: { c: 'AAAA' } }), []);
  t.same(errors({ data: { 'a b': 'x', c: 'y' }, binaryData: { c: '' } }), [
    `data[a b]: Invalid value: "a b": ${keyText}`,
    'data[c]: Invalid value: "c": duplicate of key present in binaryData',
  ]);
  t.same(errors({ data: { a: 'x'.repeat(2 ** 20) } }), []);
  t.same(errors({ data: { a: 'ü'.repeat(2 ** 19), b: 'x' } }), [
    '[]: Too long: may not be more than 1048576 bytes',
  ]);
  t.same(cellsOf('ConfigMap', objectOf({ data: { a: '' }, binaryData: { b: '' } })), [
    'x',
    2,
    '<unknown>',
  ]);
});

t.test('ConfigMap and Secret stay as they are when they are immutable', async (t) => {
  const text = 'Forbidden: field is immutable when `immutable` is set';
  for (const kind of ['ConfigMap', 'Secret']) {
    const old = objectOf({ immutable: true, data: { a: 'AA==' } });
    t.same(updateErrors(kind, old, old), []);
    t.same(updateErrors(kind, objectOf({ data: { a: 'AQ==' } }), old), [
      `immutable: ${text}`,
      `data: ${text}`,
    ]);
    t.same(updateErrors(kind, objectOf({ immutable: true }), objectOf({})), []);
  }
});

t.test('Secret folds text into data, and checks what its type needs', async (t) => {
  const secret = defaulted(
    'Secret',
    objectOf({ stringData: { a: 'hä' }, data: { a: 'AA==', b: 'AQ==' } }),
  );
  t.same(secret, objectOf({ type: 'Opaque', data: { a: 'aMOk', b: 'AQ==' } }));
  const errors = (type: string, data: Record<string, string>) =>
    createErrors('Secret', objectOf({ type, data }));
  t.same(errors('kubernetes.io/tls', { 'tls.crt': '' }), ['data[tls.key]: Required value']);
  t.same(errors('kubernetes.io/basic-auth', {}), [
    'data[username]: Required value',
    'data[password]: Required value',
  ]);
  t.same(errors('kubernetes.io/ssh-auth', { 'ssh-privatekey': '' }), [
    'data[ssh-privatekey]: Required value',
  ]);
  t.same(errors('kubernetes.io/dockerconfigjson', {}), ['data[.dockerconfigjson]: Required value']);
  t.same(errors('kubernetes.io/dockerconfigjson', { '.dockerconfigjson': '' }), [
    'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input',
  ]);
  t.same(errors('kubernetes.io/service-account-token', {}), [
    'metadata.annotations[kubernetes.io/service-account.name]: Required value',
  ]);
  t.same(updateErrors('Secret', objectOf({ type: 'a' }), objectOf({ type: 'b' })), [
    'type: Invalid value: "a": field is immutable',
  ]);
  t.equal(kindOf('Secret').selectableFields?.type?.(secret), 'Opaque');
});

t.test('Namespace has its name as a label, and is kept until it is empty', async (t) => {
  const namespace = objectOf({}, { name: 'n', labels: { a: '1' } });
  kindOf('Namespace').prepareForCreate?.(namespace, context);
  t.match(namespace, {
    metadata: { labels: { a: '1', 'kubernetes.io/metadata.name': 'n' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  t.same(createErrors('Namespace', objectOf({ spec: { finalizers: ['mine'] } })), [
    'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ]);
  const finalized = objectOf({ spec: { finalizers: ['a/b', 'mine'] } });
  const finalize = { ...context, subresource: 'finalize' };
  t.same(texts(kindOf('Namespace').validateUpdate?.(finalized, namespace, finalize)), [
    'spec.finalizers[1]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ]);
  t.same(statusErrors('Namespace', objectOf({ status: { phase: 'Terminating' } }), namespace), [
    'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
  ]);
});

const items: readonly (readonly [item: LimitRangeItem, errors: readonly string[]])[] = [
  [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '1' }, default: { cpu: '1500m' } }, []],
  [
    { type: 'Gold' },
    ['type: Invalid value: "Gold": must be a standard limit type or fully qualified'],
  ],
  [
    { type: 'Pod', default: { cpu: '1' } },
    ["default: Forbidden: may not be specified when `type` is 'Pod'"],
  ],
  [
    { type: 'PersistentVolumeClaim' },
    [
      'limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    ],
  ],
  [
    { type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } },
    ['min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'],
  ],
  [
    { type: 'Container', min: { cpu: '2' }, default: { cpu: '1' }, defaultRequest: { cpu: '3' } },
    [
      'defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than default limit value 1',
      'default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
    ],
  ],
  [
    { type: 'Pod', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } },
    ['maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000'],
  ],
];

t.test('LimitRange refuses limits that contradict each other', async (t) => {
  for (const [item, errors] of items) {
    const expected = errors.map((error) => `spec.limits[0].${error}`);
    t.same(
      createErrors('LimitRange', objectOf({ spec: { limits: [item] } })),
      expected,
      JSON.stringify(item),
    );
  }
  const filled = defaulted(
    'LimitRange',
    objectOf({
      spec: { limits: [{ type: 'Container', max: { cpu: '1' }, min: { memory: '1' } }] },
    }),
  );
  t.match(filled, {
    spec: { limits: [{ default: { cpu: '1' }, defaultRequest: { cpu: '1', memory: '1' } }] },
  });
});

t.test('ResourceQuota counts standard resources in scopes that have them', async (t) => {
  const errors = (spec: object) => createErrors('ResourceQuota', objectOf({ spec }));
  t.same(errors({ hard: { pods: '1', 'requests.cpu': '1', 'count/widgets.a.b': '1' } }), []);
  t.same(errors({ hard: { gold: '1', pods: '1500m' } }), [
    'spec.hard[gold]: Invalid value: "gold": must be a standard resource type or fully qualified',
    'spec.hard[gold]: Invalid value: "gold": must be a standard resource for quota',
    'spec.hard[pods]: Invalid value: "1500m": must be an integer',
  ]);
  t.same(errors({ hard: { services: '1' }, scopes: ['BestEffort', 'NotBestEffort', 'X'] }), [
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","X"]: unsupported scope applied to resource',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","X"]: unsupported scope applied to resource',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","X"]: unsupported scope',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","X"]: conflicting scopes',
  ]);
  t.match(
    errors({
      scopeSelector: { matchExpressions: [{ scopeName: 'Terminating', operator: 'In' }] },
    })[1],
    "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
  );
  t.same(
    updateErrors(
      'ResourceQuota',
      objectOf({ spec: { scopes: ['Terminating'] } }),
      objectOf({ spec: {} }),
    ),
    ['spec.scopes: Invalid value: ["Terminating"]: field is immutable'],
  );
  const quota: ResourceQuota = {
    metadata: { name: 'q' },
    status: {
      hard: { pods: '2', 'limits.cpu': '4', 'requests.cpu': '1' },
      used: { pods: '1', 'requests.cpu': '500m' },
    },
  };
  t.same(cellsOf('ResourceQuota', quota), [
    'q',
    'pods: 1/2, requests.cpu: 500m/1',
    'limits.cpu: 0/4',
    '<unknown>',
  ]);
});

t.test('ReplicationController follows its template', async (t) => {
  const template = { metadata: { labels: { a: '1' } }, spec: podOf().spec };
  const filled = defaulted('ReplicationController', objectOf({ spec: { template } }));
  t.match(filled, {
    metadata: { labels: { a: '1' } },
    spec: { replicas: 1, selector: { a: '1' } },
  });
  t.same(createErrors('ReplicationController', filled), []);
  t.same(cellsOf('ReplicationController', filled), ['x', 1, 0, 0, '<unknown>', 'c', 'i', 'a=1']);
  t.same(createErrors('ReplicationController', objectOf({ spec: { replicas: -1 } })), [
    'spec.selector: Required value',
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    'spec.template: Required value',
  ]);
  const other = {
    ...template,
    spec: { ...template.spec, restartPolicy: 'Never', activeDeadlineSeconds: 5 },
  };
  t.same(
    createErrors(
      'ReplicationController',
      objectOf({ spec: { selector: { b: '2' }, template: other } }),
    ),
    [
      'spec.template.metadata.labels: Invalid value: {"a":"1"}: `selector` does not match template `labels`',
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported',
    ],
  );
  t.same(
    statusErrors(
      'ReplicationController',
      objectOf({ status: { replicas: 1, readyReplicas: 2, availableReplicas: 1 } }),
      filled,
    ),
    ['status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas'],
  );
});

t.test('PodTemplate refuses what a pod may not be made from', async (t) => {
  const spec = { ...podOf().spec, ephemeralContainers: [{ name: 'e', image: 'i' }] };
  t.same(createErrors('PodTemplate', objectOf({ template: { spec } })), [
    'template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
  ]);
  const hostNetwork = {
    hostNetwork: true,
    containers: [{ name: 'c', image: ' ', ports: [{ containerPort: 80 }] }],
  };
  t.same(createErrors('PodTemplate', objectOf({ template: { spec: hostNetwork } })), []);
  const labels = { b: '2', a: '1' };
  t.same(
    cellsOf('PodTemplate', objectOf({ template: { metadata: { labels }, spec: podOf().spec } })),
    ['x', 'c', 'i', 'a=1,b=2'],
  );
});

const seen = '2025-12-31T23:59:00Z';
const events: readonly (readonly [
  name: string,
  fields: Partial<Event>,
  namespace: string,
  errors: readonly string[],
])[] = [
  ['about an object of its namespace', { involvedObject: { namespace: 'a' } }, 'a', []],
  ['about an object without one', { involvedObject: {} }, 'default', []],
  [
    'about an object of another namespace',
    { involvedObject: { namespace: 'b' } },
    'a',
    ['involvedObject.namespace: Invalid value: "b": does not match event.namespace'],
  ],
  [
    'about an object without one, elsewhere',
    { involvedObject: {} },
    'a',
    ['involvedObject.namespace: Invalid value: "": does not match event.namespace'],
  ],
  [
    'a new one that does not say enough',
    {
      eventTime: seen,
      involvedObject: { namespace: 'a' },
      reportingComponent: 'c',
      message: 'x'.repeat(1025),
    },
    'a',
    [
      'reportingInstance: Required value',
      'action: Required value',
      'reason: Required value',
      'message: Invalid value: "": can have at most 1024 characters',
    ],
  ],
];

t.test('Event is where its object is, and says who saw it', async (t) => {
  for (const [name, fields, namespace, errors] of events) {
    t.same(createErrors('Event', objectOf(fields, { namespace })), errors, name);
  }
  const old = {
    involvedObject: { kind: 'Pod', name: 'p', fieldPath: 'f' },
    type: 'Normal',
    reason: 'R',
    message: ' m ',
    source: { component: 'c', host: 'h' },
    firstTimestamp: seen,
  };
  t.same(cellsOf('Event', objectOf(old)), [
    '60s',
    'Normal',
    'R',
    'pod/p',
    'f',
    'c, h',
    'm',
    '60s',
    1,
    'x',
  ]);
  const series = {
    involvedObject: {},
    eventTime: '2025-12-31T23:50:00.000000Z',
    series: { count: 7, lastObservedTime: seen },
    reportingComponent: 'k',
  };
  t.same(cellsOf('Event', objectOf(series)), ['60s', '', '', '', '', 'k', '', '10m', 7, 'x']);
});

t.test('Endpoints checks addresses and shows the first of them', async (t) => {
  const errors = (subset: object) => createErrors('Endpoints', objectOf({ subsets: [subset] }));
  t.same(errors({ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }), []);
  t.same(errors({}), [
    'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
  ]);
  t.same(
    errors({
      addresses: [{ ip: '127.0.0.1', hostname: 'A' }],
      ports: [{ port: 80 }, { port: 81, name: 'b' }],
    }).map((error) => error.split(':')[0]),
    ['subsets[0].addresses[0].hostname', 'subsets[0].addresses[0].ip', 'subsets[0].ports[0].name'],
  );
  const addresses = ['10.0.0.1', '10.0.0.2', '::1', '10.0.0.4', '10.0.0.5'].map((ip) => ({ ip }));
  const cell = (subset: object) => cellsOf('Endpoints', objectOf({ subsets: [subset] }))?.[1];
  t.equal(
    cell({ addresses, ports: [{ port: 80 }] }),
    '10.0.0.1:80,10.0.0.2:80,[::1]:80 + 2 more...',
  );
  t.equal(cell({ addresses: addresses.slice(0, 2) }), '10.0.0.1,10.0.0.2');
  t.equal(cellsOf('Endpoints', objectOf({}))?.[1], '<none>');
});

t.test('repackSubsets joins what belongs together, and not ready wins', async (t) => {
  const packed = (...subsets: EndpointSubset[]) => {
    const endpoints = objectOf({ subsets }) as Endpoints;
    kindOf('Endpoints').prepareForCreate?.(endpoints, context);
    return endpoints.subsets;
  };
  const [a, b, c] = [{ ip: '10.0.0.9' }, { ip: '10.0.0.10' }, { ip: '2001:db8::1' }];
  const [http, dns] = [
    { name: 'http', port: 80, protocol: 'TCP' },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ];
  t.same(packed({ addresses: [c, b, a], ports: [http] }), [
    { addresses: [a, b, c], ports: [http] },
  ]);
  t.same(packed({ addresses: [a], ports: [http] }, { addresses: [b], ports: [http] }), [
    { addresses: [a, b], ports: [http] },
  ]);
  t.same(packed({ addresses: [a], ports: [http] }, { addresses: [a], ports: [dns] }), [
    { addresses: [a], ports: [http, dns] },
  ]);
  t.same(packed({ addresses: [a, b], ports: [http] }, { notReadyAddresses: [a], ports: [http] }), [
    { addresses: [b], notReadyAddresses: [a], ports: [http] },
  ]);
  t.same(packed({ addresses: [a] }), [{ addresses: [a] }]);
  t.same(packed({}), [{}], 'what is refused stays as it is');
});

t.test('Node keeps what was set once', async (t) => {
  const of = (spec: object, status: object = {}) => objectOf({ spec, status });
  t.same(createErrors('Node', of({ podCIDR: '10.0.0.0/24' })), []);
  t.same(
    defaulted('Node', of({ podCIDR: '10.0.0.0/24' }, { capacity: { cpu: '1' } })),
    of(
      { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'] },
      { capacity: { cpu: '1' }, allocatable: { cpu: '1' } },
    ),
  );
  t.same(
    createErrors(
      'Node',
      of({ podCIDRs: ['10.0.0.0/24', '10.0.1.0/24'], taints: [{ key: 'a', effect: 'X' }] }),
    ),
    [
      'metadata.taints[0].effect: Unsupported value: "X": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family',
    ],
  );
  t.same(
    updateErrors(
      'Node',
      of({ podCIDR: '10.0.1.0/24', providerID: 'b' }),
      of({ podCIDR: '10.0.0.0/24', providerID: 'a' }),
    ),
    [
      'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
      'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
    ],
  );
  t.same(
    updateErrors(
      'Node',
      of({ unschedulable: true, providerID: 'a', podCIDR: '10.0.0.0/24' }),
      of({}),
    ),
    [],
  );
  t.same(
    statusErrors(
      'Node',
      of(
        {},
        {
          addresses: [
            { type: 'InternalIP', address: 'a' },
            { type: 'InternalIP', address: 'a' },
          ],
        },
      ),
      of({}),
    ),
    ['status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"a"}'],
  );
});

t.test('Node shows whether it is ready, and what for', async (t) => {
  const node: Node = {
    metadata: {
      name: 'n',
      labels: { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'edge' },
    },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      nodeInfo: { kubeletVersion: 'v1.36.0', osImage: 'Linux' },
    },
  };
  t.same(cellsOf('Node', node), [
    'n',
    'Ready,SchedulingDisabled',
    'edge,worker',
    '<unknown>',
    'v1.36.0',
    '10.0.0.1',
    '<none>',
    'Linux',
    '<unknown>',
    '<unknown>',
  ]);
  t.same(cellsOf('Node', objectOf({}))?.slice(1, 3), ['Unknown', '<none>']);
});

t.test('ServiceAccount, Binding and ComponentStatus', async (t) => {
  const account = objectOf({ secrets: [{ name: 'a', namespace: 'b', uid: 'c' }, {}] });
  kindOf('ServiceAccount').prepareForCreate?.(account, context);
  t.same(account, objectOf({ secrets: [{ name: 'a' }, {}] }));
  t.same(cellsOf('ServiceAccount', account), ['x', 2, '<unknown>']);
  t.same(createErrors('Binding', objectOf({ target: { kind: 'Pod' } })), [
    'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
    'target.name: Required value',
  ]);
  const healthy = { conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] };
  t.same(cellsOf('ComponentStatus', objectOf(healthy)), ['x', 'Healthy', 'ok', '']);
});
