import t from 'tap';
import type {
  EndpointSubset,
  Endpoints,
  Event,
  Node,
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
  updateErrors,
} from './fixtures.js';

/** An object of any kind, as a client may write it. */
function objectOf(fields: object, meta: KubeObject['metadata'] = {}): KubeObject {
  return { metadata: { name: 'x', namespace: 'default', ...meta }, ...fields };
}

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
