import t from 'tap';
import type { Pod, PodSpec, PodStatus } from '../../../src/control/api/gen/core-v1.js';
import { milliValueOf, wholeValueOf } from '../../../src/control/scheduler/framework/amounts.js';
import { PodInfoMaker, podInfoOf } from '../../../src/control/scheduler/framework/pod-info.js';
import { podOf } from './objects.js';

const MiB = 2 ** 20;

function podWith(spec: PodSpec, status: PodStatus = {}): Pod {
  return { metadata: { name: 'a', namespace: 'default', uid: 'u' }, spec, status };
}

function container(requests: Record<string, string>, name = 'c') {
  return { name, resources: { requests } };
}

const sums: readonly (readonly [title: string, pod: Pod, milliCpu: number, memoryMiB: number])[] = [
  ['nothing', podWith({ containers: [{ name: 'c' }] }), 0, 0],
  [
    'containers run together',
    podWith({ containers: [container({ cpu: '1', memory: '1Mi' }), container({ cpu: '500m' })] }),
    ...([1500, 1] as const),
  ],
  [
    'the largest init container counts when it needs more',
    podWith({
      containers: [container({ cpu: '1' })],
      initContainers: [container({ cpu: '3', memory: '2Mi' }), container({ cpu: '2' })],
    }),
    ...([3000, 2] as const),
  ],
  [
    'sidecars run with the containers, and with the init containers behind them',
    podWith({
      containers: [container({ cpu: '1' })],
      initContainers: [
        container({ cpu: '2' }),
        { ...container({ cpu: '1' }), restartPolicy: 'Always' },
        container({ cpu: '2500m' }),
      ],
    }),
    ...([3500, 0] as const),
  ],
  [
    'overhead comes on top',
    podWith({ containers: [container({ cpu: '1' })], overhead: { cpu: '50m', memory: '3Mi' } }),
    ...([1050, 3] as const),
  ],
  [
    'what the pod states counts in place of its containers',
    podWith({
      containers: [container({ cpu: '1', memory: '7Mi' })],
      resources: { requests: { cpu: '5' } },
    }),
    ...([5000, 7] as const),
  ],
  [
    'while a container grows, what it wants counts',
    podWith(
      { containers: [container({ cpu: '2' })] },
      { containerStatuses: [{ name: 'c', allocatedResources: { cpu: '1' } }] },
    ),
    ...([2000, 0] as const),
  ],
  [
    'while a container shrinks, what it has counts',
    podWith(
      { containers: [container({ cpu: '1' })] },
      {
        containerStatuses: [
          { name: 'c', allocatedResources: { cpu: '1' }, resources: { requests: { cpu: '3' } } },
        ],
      },
    ),
    ...([3000, 0] as const),
  ],
  [
    'what can never be had does not count',
    podWith(
      { containers: [container({ cpu: '9' })] },
      {
        conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }],
        containerStatuses: [{ name: 'c', allocatedResources: { cpu: '1' } }],
      },
    ),
    ...([1000, 0] as const),
  ],
];

t.test('podInfoOf adds up what a pod takes of its node', (t) => {
  for (const [title, pod, milliCpu, memoryMiB] of sums) {
    const { requests } = podInfoOf(pod);
    t.match(requests, { milliCpu, memoryBytes: memoryMiB * MiB, pods: 1 }, title);
  }
  t.end();
});

t.test('podInfoOf counts 100m and 200 MiB for each container that asks for none', (t) => {
  const rows: readonly (readonly [PodSpec, number, number])[] = [
    [{ containers: [container({}), container({ cpu: '1' })] }, 1100, 400],
    [{ containers: [container({ cpu: '0', memory: '0' })] }, 0, 0],
    [{ containers: [container({})], resources: { requests: { cpu: '2' } } }, 2000, 200],
  ];
  for (const [spec, milliCpu, memoryMiB] of rows) {
    const info = podInfoOf(podWith(spec));
    t.same([info.nonZeroMilliCpu, info.nonZeroMemoryBytes], [milliCpu, memoryMiB * MiB]);
  }
  t.end();
});

t.test('amounts are read as quantities are, finer ones rounded up', (t) => {
  const rows: readonly (readonly [string, number, number])[] = [
    ['1', 1000, 1],
    ['250m', 250, 1],
    ['1500m', 1500, 2],
    ['0.1', 100, 1],
    ['100u', 1, 1],
    ['1.5Gi', 1.5 * 2 ** 30 * 1000, 1.5 * 2 ** 30],
    ['2Ki', 2048 * 1000, 2048],
    ['3k', 3e6, 3000],
    ['1e3', 1e6, 1000],
    ['0', 0, 0],
  ];
  for (const [text, milli, whole] of rows)
    t.same([milliValueOf(text), wholeValueOf(text)], [milli, whole], text);
  t.end();
});

t.test('PodInfoMaker gives what podInfoOf gives, and tells templates apart', (t) => {
  const maker = new PodInfoMaker(2);
  const volume = (name: string) => ({ name, projected: { sources: [] } });
  const one = podOf('a', { volumes: [volume('token-x')], metadata: { uid: '1' } });
  const same = podOf('b', { volumes: [volume('token-y')], metadata: { uid: '2' } });
  t.same(maker.make(one), podInfoOf(one));
  t.same(maker.make(same), podInfoOf(same));
  t.equal(maker.make(one).requests, maker.make(same).requests, 'computed once');
  const others: readonly Pod[] = [
    podOf('c', { requests: { cpu: '2' } }),
    podOf('d', { nodeSelector: { a: 'b' } }),
    podOf('e', { metadata: { labels: { a: 'b' } } }),
    podOf('f', { metadata: { namespace: 'other' } }),
    podOf('g', { priority: 3 }),
    podOf('h', { tolerations: [{ operator: 'Exists' }] }),
    podOf('i', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'x' } }] }),
    podOf('j', { volumes: [{ name: 'v', ephemeral: {} }] }),
    podOf('k', { volumes: [{ name: 'v', ephemeral: {} }] }),
  ];
  const keys = new Set([one, ...others].map((pod) => maker.make(pod).templateKey));
  t.equal(keys.size, others.length + 1);
  const demands = new Set([one, ...others].map((pod) => maker.make(pod).demandKey));
  t.equal(demands.size, others.length - 1, 'labels and namespace ask nothing of a node');
  for (const pod of others) t.same(maker.make(pod), podInfoOf(pod));
  t.end();
});

t.test(
  'PodInfoMaker computes once for a pod before and after it has a node, and while it runs',
  (t) => {
    const maker = new PodInfoMaker();
    const pending = podOf('a', { requests: { cpu: '1' } });
    const bound: Pod = { ...pending, spec: { ...pending.spec, nodeName: 'n1' } };
    const name = pending.spec?.containers?.[0]?.name ?? '';
    const running = (status: object): Pod => ({
      ...bound,
      status: { phase: 'Running', containerStatuses: [{ name, ready: true, ...status }] },
    });
    const { requests } = maker.make(pending);
    t.equal(maker.make(bound).requests, requests);
    t.equal(maker.make(running({})).requests, requests);
    t.not(maker.make(bound).templateKey, maker.make(pending).templateKey, 'the node tells apart');
    const resized = running({ allocatedResources: { cpu: '2' } });
    t.equal(maker.make(resized).requests.milliCpu, 2000);
    for (const pod of [bound, running({}), resized]) t.same(maker.make(pod), podInfoOf(pod));
    t.end();
  },
);
