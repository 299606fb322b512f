import t from 'tap';
import { type PodSample, plan, pod, SliceStore, service } from './samples.js';

const sliceLabels = {
  'kubernetes.io/service-name': 'web',
  'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
};

t.test(
  'planSlices makes a first slice with the service as owner, its labels and its endpoint',
  (t) => {
    const labelled = service(
      {},
      { labels: { tier: 'front', 'kubernetes.io/service-name': 'lie' } },
    );
    const { create, update, remove } = plan({
      service: labelled,
      pods: [pod('a')],
      triggerTimeMs: Date.parse('2026-01-02T03:04:05Z'),
    });
    t.same([update, remove], [[], []]);
    t.same(create, [
      {
        metadata: {
          generateName: 'web-',
          namespace: 'default',
          labels: { tier: 'front', ...sliceLabels },
          ownerReferences: [
            {
              ...{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'service-1' },
              ...{ controller: true, blockOwnerDeletion: true },
            },
          ],
          annotations: {
            'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-02T03:04:05Z',
          },
        },
        addressType: 'IPv4',
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
        endpoints: [
          {
            addresses: ['10.1.0.1'],
            conditions: { ready: true, serving: true, terminating: false },
            targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: 'uid-a' },
            ...{ nodeName: 'node-a', zone: 'zone-a' },
          },
        ],
      },
    ]);
    t.end();
  },
);

const conditions: readonly [
  title: string,
  sample: PodSample,
  publishesAll: boolean,
  seen: readonly [ready: boolean, serving: boolean, terminating: boolean] | null,
][] = [
  ['ready', {}, false, [true, true, false]],
  ['not ready', { isReady: false }, false, [false, false, false]],
  ['going and ready', { isGoing: true }, false, [false, true, true]],
  ['going and not ready', { isGoing: true, isReady: false }, false, [false, false, true]],
  ['not ready, all published', { isReady: false }, true, [true, false, false]],
  ['going, all published', { isGoing: true }, true, [true, true, true]],
  ['ended', { phase: 'Succeeded' }, true, null],
  ['failed', { phase: 'Failed' }, false, null],
  ['without an address', { ips: [] }, true, null],
  ['on a node that nobody knows', { nodeName: 'lost' }, false, null],
  ['on a node that nobody knows, all published', { nodeName: 'lost' }, true, [true, true, false]],
];
for (const [title, sample, publishNotReadyAddresses, seen] of conditions) {
  t.test(`planSlices shows a pod that is ${title} as it is`, (t) => {
    const { create, missingNodes } = plan({
      service: service({ publishNotReadyAddresses }),
      pods: [pod('a', sample)],
    });
    const [endpoint] = create[0]?.endpoints ?? [];
    if (seen === null) t.equal(endpoint, undefined);
    else {
      const [ready, serving, terminating] = seen;
      t.same(endpoint?.conditions, { ready, serving, terminating });
    }
    t.same(missingNodes, sample.nodeName === 'lost' && !publishNotReadyAddresses ? ['lost'] : []);
    t.end();
  });
}

t.test('planSlices gives each family its slices', (t) => {
  const dual = service({ ipFamilies: ['IPv4', 'IPv6'] });
  const { create } = plan({ service: dual, pods: [pod('a', { ips: ['10.1.0.1', 'FD00::1'] })] });
  t.same(
    create.map(({ addressType, endpoints }) => [addressType, endpoints?.[0]?.addresses]),
    [
      ['IPv4', ['10.1.0.1']],
      ['IPv6', ['fd00::1']],
    ],
  );
  t.end();
});

t.test('planSlices removes the slices of a family that the service has lost', (t) => {
  const store = new SliceStore();
  const pods = [pod('a', { ips: ['10.1.0.1', 'fd00::1'] })];
  store.apply(plan({ service: service({ ipFamilies: ['IPv4', 'IPv6'] }), pods }));
  store.apply(plan({ pods, existing: store.all() }));
  t.same(
    store.all().map(({ addressType }) => addressType),
    ['IPv4'],
  );
  t.end();
});

t.test(
  'planSlices finds ports by name in containers and sidecars, and makes a slice for each set',
  (t) => {
    const named = service({
      ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }],
    });
    const port = (containerPort: number) => ({ name: 'web', containerPort, protocol: 'TCP' });
    const pods = [
      pod('a', { spec: { nodeName: 'node-a', containers: [{ name: 'c', ports: [port(1)] }] } }),
      pod('b', {
        ips: ['10.1.0.2'],
        spec: {
          ...{ nodeName: 'node-a', containers: [{ name: 'c' }] },
          initContainers: [{ name: 's', restartPolicy: 'Always', ports: [port(2)] }],
        },
      }),
      pod('c', {
        ips: ['10.1.0.3'],
        spec: {
          ...{ nodeName: 'node-a', containers: [{ name: 'c' }] },
          initContainers: [{ name: 'i', ports: [port(3)] }],
        },
      }),
    ];
    const { create } = plan({ service: named, pods });
    t.same(
      create.map(({ ports, endpoints }) => [ports?.[0]?.port, endpoints?.[0]?.targetRef?.name]),
      [
        [1, 'a'],
        [2, 'b'],
        [undefined, 'c'],
      ],
    );
    t.end();
  },
);

t.test('planSlices names pods in headless services, whose slices say so', (t) => {
  const headless = service({ clusterIP: 'None', ports: [] });
  const spec = { nodeName: 'node-a', containers: [], hostname: 'db-0', subdomain: 'web' };
  const [slice] = plan({ service: headless, pods: [pod('a', { spec })] }).create;
  t.equal(slice?.metadata.labels?.['service.kubernetes.io/headless'], '');
  t.same(slice?.ports, []);
  t.equal(slice?.endpoints?.[0]?.hostname, 'db-0');
  t.end();
});

t.test(
  'planSlices keeps one empty slice of a service without endpoints, and does not write it again',
  (t) => {
    const store = new SliceStore();
    store.apply(plan({}));
    t.same(
      store.all().map(({ endpoints, ports }) => [endpoints, ports]),
      [[[], []]],
    );
    const again = plan({ existing: store.all() });
    t.same([again.create, again.update, again.remove], [[], [], []]);
    store.apply(plan({ existing: store.all(), pods: [pod('a')] }));
    t.same(store.all().length, 1, 'the empty slice is written over');
    store.apply(plan({ existing: store.all() }));
    t.same(
      store.all().map(({ endpoints }) => endpoints),
      [[]],
    );
    t.end();
  },
);

t.test('planSlices creates nothing for a service that is being deleted', (t) => {
  const going = service({}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  t.same(plan({ service: going, pods: [pod('a')] }).create, []);
  t.end();
});

t.test('planSlices removes slices of another service of the same name', (t) => {
  const store = new SliceStore();
  store.apply(plan({ service: service({}, { uid: 'earlier' }), pods: [pod('a')] }));
  const { create, remove, update } = plan({ existing: store.all(), pods: [pod('a')] });
  t.same([create.length, update.length, remove.length], [1, 0, 1]);
  t.end();
});

t.test('planSlices follows labels of the service', (t) => {
  const store = new SliceStore();
  store.apply(plan({ pods: [pod('a')] }));
  store.apply(
    plan({ service: service({}, { labels: { a: 'b' } }), pods: [pod('a')], existing: store.all() }),
  );
  t.same(store.all()[0]?.metadata.labels, { a: 'b', ...sliceLabels });
  t.equal(store.writes, 2);
  t.end();
});

const hints: readonly [distribution: string | undefined, seen: unknown][] = [
  ['PreferClose', { forZones: [{ name: 'zone-a' }] }],
  ['PreferSameZone', { forZones: [{ name: 'zone-a' }] }],
  ['PreferSameNode', { forZones: [{ name: 'zone-a' }], forNodes: [{ name: 'node-a' }] }],
  [undefined, undefined],
];
for (const [trafficDistribution, seen] of hints) {
  t.test(`planSlices hints for trafficDistribution ${trafficDistribution}`, (t) => {
    const spec = trafficDistribution === undefined ? {} : { trafficDistribution };
    const store = new SliceStore();
    const pods = [pod('a'), pod('b', { ips: ['10.1.0.2'], isReady: false })];
    store.apply(plan({ service: service(spec), pods }));
    t.same(
      store.endpoints().map((endpoint) => endpoint.hints),
      [seen, undefined],
    );
    const again = plan({ service: service(spec), pods, existing: store.all() });
    t.same([again.create, again.update, again.remove], [[], [], []], 'it is stable');
    store.apply(plan({ pods, existing: store.all() }));
    t.same(
      store.endpoints().map((endpoint) => endpoint.hints),
      [undefined, undefined],
    );
    store.apply(plan({ service: service(spec), pods, existing: store.all() }));
    t.same(store.endpoints()[0]?.hints, seen, 'unchanged slices get them too');
    t.end();
  });
}

t.test('planSlices changes one slice of a service with 5,000 pods when one pod changes', (t) => {
  const pods = Array.from({ length: 5000 }, (_, i) =>
    pod(`p${i}`, { ips: [`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`] }),
  );
  const store = new SliceStore();
  store.apply(plan({ pods }));
  t.equal(store.slices.size, 50);
  store.writes = 0;
  pods[1234] = pod('p1234', { ips: ['10.0.4.210'], isReady: false });
  store.apply(plan({ pods, existing: store.all() }));
  t.equal(store.writes, 1);
  pods.push(pod('p5000', { ips: ['10.0.200.1'] }));
  store.apply(plan({ pods, existing: store.all() }));
  t.equal(store.writes, 2);
  t.equal(store.slices.size, 51);
  t.end();
});
