import t from 'tap';
import type { Endpoints, Service } from '../../../../src/control/api/gen/core-v1.js';
import type { EndpointSlice } from '../../../../src/control/api/gen/discovery-v1.js';
import {
  isMirrored,
  planMirror,
} from '../../../../src/control/controllers/endpoint-slice-mirroring/plan.js';

const endpoints: Endpoints = {
  metadata: {
    ...{ name: 'db', namespace: 'default', uid: 'e1', labels: { tier: 'back' } },
    annotations: {
      mine: 'yes',
      'endpoints.kubernetes.io/last-change-trigger-time': 'then',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    },
  },
  subsets: [
    {
      addresses: [{ ip: '10.0.0.1', hostname: 'one' }, { ip: 'fd00::1' }, { ip: 'nonsense' }],
      notReadyAddresses: [{ ip: '10.0.0.2', nodeName: 'n' }],
      ports: [{ port: 5432, protocol: 'TCP' }],
    },
  ],
};

function stored(slices: readonly EndpointSlice[]): EndpointSlice[] {
  return slices.map((slice, at) => ({
    ...slice,
    metadata: { ...slice.metadata, name: `db-${at}`, uid: `s${at}`, resourceVersion: '5' },
  }));
}

t.test('planMirror makes a slice for each family of addresses, and counts what is none', (t) => {
  const { create, update, remove, invalidCount, excessCount } = planMirror(endpoints, [], 1000);
  t.same([update, remove, invalidCount, excessCount], [[], [], 1, 0]);
  t.same(
    create.map(({ addressType, endpoints: seen }) => [addressType, seen]),
    [
      [
        'IPv4',
        [
          { addresses: ['10.0.0.1'], conditions: { ready: true }, hostname: 'one' },
          { addresses: ['10.0.0.2'], conditions: { ready: false }, nodeName: 'n' },
        ],
      ],
      ['IPv6', [{ addresses: ['fd00::1'], conditions: { ready: true } }]],
    ],
  );
  t.match(create[0], {
    metadata: {
      generateName: 'db-',
      labels: {
        tier: 'back',
        'kubernetes.io/service-name': 'db',
        'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
      },
      ownerReferences: [{ kind: 'Endpoints', name: 'db', uid: 'e1', controller: true }],
    },
    ports: [{ name: '', port: 5432, protocol: 'TCP' }],
  });
  t.same(create[0]?.metadata.annotations, { mine: 'yes' });
  t.end();
});

t.test('planMirror writes nothing again', (t) => {
  const again = planMirror(endpoints, stored(planMirror(endpoints, [], 1000).create), 1000);
  t.same([again.create, again.update, again.remove], [[], [], []]);
  t.end();
});

t.test('planMirror follows addresses, labels and ports with updates in place', (t) => {
  const existing = stored(planMirror(endpoints, [], 1000).create);
  const moved: Endpoints = {
    metadata: { ...endpoints.metadata, labels: { tier: 'other' } },
    subsets: [{ addresses: [{ ip: '10.0.0.9' }], ports: [{ port: 1, protocol: 'UDP' }] }],
  };
  const { create, update, remove } = planMirror(moved, existing, 1000);
  t.same(create, []);
  t.same(
    update.map(({ metadata }) => metadata.name),
    ['db-0'],
    'of the same family',
  );
  t.equal(update[0]?.metadata.labels?.tier, 'other');
  t.same(
    remove.map(({ metadata }) => metadata.name),
    ['db-1'],
  );
  t.end();
});

t.test(
  'planMirror takes no more than so many addresses of a subset, those that are ready first',
  (t) => {
    const subset = {
      notReadyAddresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }],
      addresses: [{ ip: '10.0.0.3' }],
    };
    const { create, excessCount } = planMirror({ ...endpoints, subsets: [subset] }, [], 2);
    t.equal(excessCount, 1);
    t.same(
      create[0]?.endpoints?.map(({ addresses }) => addresses?.[0]),
      ['10.0.0.3', '10.0.0.1'],
    );
    t.end();
  },
);

const services: Readonly<Record<string, Service | undefined>> = {
  none: undefined,
  selecting: { metadata: { name: 'db' }, spec: { selector: { a: 'b' } } },
  plain: { metadata: { name: 'db' }, spec: {} },
};
const mirrored: readonly [service: string, metadata: Endpoints['metadata'], seen: boolean][] = [
  ['plain', {}, true],
  ['selecting', {}, false],
  ['none', {}, false],
  ['plain', { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }, false],
  ['plain', { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'false' } }, true],
  ['plain', { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }, false],
];
for (const [service, metadata, seen] of mirrored) {
  t.test(`isMirrored is ${seen} with service ${service} and ${JSON.stringify(metadata)}`, (t) => {
    t.equal(isMirrored({ metadata }, services[service]), seen);
    t.end();
  });
}
