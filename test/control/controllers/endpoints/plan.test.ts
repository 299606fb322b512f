import t from 'tap';
import type { Endpoints } from '../../../../src/control/api/gen/core-v1.js';
import { truncated } from '../../../../src/control/controllers/endpoints/capacity.js';
import { planEndpoints } from '../../../../src/control/controllers/endpoints/plan.js';
import { type PodSample, pod, service } from '../endpoint-slice/samples.js';

function plan(
  needs: Partial<Parameters<typeof planEndpoints>[0]>,
): Exclude<ReturnType<typeof planEndpoints>, { kind: 'nothing' }> | null {
  const base = { service: service(), pods: [], existing: undefined, triggerTimeMs: null };
  const action = planEndpoints({ ...base, ...needs });
  return action.kind === 'nothing' ? null : action;
}

t.test(
  'planEndpoints makes Endpoints with what is ready and what is not, in order of addresses',
  (t) => {
    const pods = [
      pod('a', { ips: ['10.1.0.9'] }),
      pod('b', { ips: ['10.1.0.2'] }),
      pod('c', { ips: ['10.1.0.3'], isReady: false }),
    ];
    const action = plan({ pods, triggerTimeMs: Date.parse('2026-01-02T03:04:05Z') });
    const of = (name: string, ip: string) => ({
      ...{ ip, nodeName: 'node-a' },
      targetRef: { kind: 'Pod', namespace: 'default', name, uid: `uid-${name}` },
    });
    t.same(action, {
      kind: 'create',
      endpoints: {
        metadata: {
          ...{ name: 'web', namespace: 'default' },
          labels: { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
          annotations: {
            'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-02T03:04:05Z',
          },
        },
        subsets: [
          {
            addresses: [of('b', '10.1.0.2'), of('a', '10.1.0.9')],
            notReadyAddresses: [of('c', '10.1.0.3')],
            ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
          },
        ],
      },
    });
    t.end();
  },
);

t.test(
  'planEndpoints writes nothing when the order of pods, ports or subsets is all that differs',
  (t) => {
    const two = service({
      ports: [
        { name: 'a', port: 1, targetPort: 'x', protocol: 'TCP' },
        { name: 'b', port: 2, targetPort: 'y', protocol: 'TCP' },
      ],
    });
    const ports = (x: number) => [
      { name: 'x', containerPort: x, protocol: 'TCP' },
      { name: 'y', containerPort: x + 1, protocol: 'TCP' },
    ];
    const of = (name: string, ip: string, x: number) =>
      pod(name, {
        ips: [ip],
        spec: { nodeName: 'n', containers: [{ name: 'c', ports: ports(x) }] },
      });
    const pods = [of('a', '10.1.0.1', 100), of('b', '10.1.0.2', 200), of('c', '10.1.0.3', 100)];
    const made = plan({ service: two, pods })?.endpoints as Endpoints;
    t.equal(made.subsets?.length, 2);
    const existing: Endpoints = {
      ...made,
      subsets: [...(made.subsets ?? [])].reverse().map((subset) => ({
        ...subset,
        ports: [...(subset.ports ?? [])].reverse(),
      })),
    };
    t.equal(plan({ service: two, pods: [...pods].reverse(), existing }), null);
    t.end();
  },
);

const cases: readonly [title: string, sample: PodSample, publishesAll: boolean, seen: string][] = [
  ['ready', {}, false, 'ready'],
  ['not ready', { isReady: false }, false, 'not ready'],
  ['not ready, all published', { isReady: false }, true, 'ready'],
  ['going', { isGoing: true }, false, 'absent'],
  ['going, all published', { isGoing: true }, true, 'ready'],
  ['ended', { phase: 'Succeeded' }, true, 'absent'],
  ['without an address', { ips: [] }, false, 'absent'],
  ['of the other family', { ips: ['fd00::1'] }, false, 'absent'],
];
for (const [title, sample, publishNotReadyAddresses, seen] of cases) {
  t.test(`planEndpoints: a pod that is ${title} is ${seen}`, (t) => {
    const action = plan({
      service: service({ publishNotReadyAddresses }),
      pods: [pod('a', sample)],
    });
    const [subset] = action?.endpoints.subsets ?? [];
    const found = subset?.addresses ? 'ready' : subset?.notReadyAddresses ? 'not ready' : 'absent';
    t.equal(found, seen);
    t.end();
  });
}

t.test(
  'planEndpoints marks headless services, keeps foreign annotations and drops the old trigger time',
  (t) => {
    const existing: Endpoints = {
      metadata: {
        ...{ name: 'web', namespace: 'default', resourceVersion: '7' },
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': 'then', mine: 'yes' },
      },
    };
    const action = plan({
      service: service({ clusterIP: 'None', ports: [] }),
      pods: [pod('a')],
      existing,
    });
    t.equal(action?.kind, 'update');
    t.same(action?.endpoints.metadata, {
      ...{ name: 'web', namespace: 'default', resourceVersion: '7' },
      labels: {
        'service.kubernetes.io/headless': '',
        'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
      },
      annotations: { mine: 'yes' },
    });
    t.same(action?.endpoints.subsets?.[0]?.ports, undefined);
    t.end();
  },
);

const sizes: readonly [
  ready: readonly number[],
  not: readonly number[],
  seen: [number, number][],
][] = [
  [
    [500, 500],
    [0, 0],
    [
      [500, 0],
      [500, 0],
    ],
  ],
  [
    [500, 400],
    [100, 200],
    [
      [500, 34],
      [400, 66],
    ],
  ],
  [
    [1500, 500],
    [10, 10],
    [
      [750, 0],
      [250, 0],
    ],
  ],
  [[1000], [1], [[1000, 0]]],
];
for (const [ready, not, seen] of sizes) {
  t.test(`truncated leaves 1000 addresses of ${ready} ready and ${not} others`, (t) => {
    const list = (count: number) => Array.from({ length: count }, (_, i) => ({ ip: `${i}` }));
    const { subsets } = truncated(
      ready.map((count, at) => ({ addresses: list(count), notReadyAddresses: list(not[at] ?? 0) })),
    );
    t.same(
      subsets.map((subset) => [
        subset.addresses?.length ?? 0,
        subset.notReadyAddresses?.length ?? 0,
      ]),
      seen,
    );
    t.end();
  });
}
