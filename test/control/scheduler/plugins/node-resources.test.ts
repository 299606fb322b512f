import t from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { brokenLine } from '../../../../src/control/scheduler/plugins/node-resources/fit-score.js';
import { percentage } from '../../../../src/control/scheduler/plugins/node-resources/percentage.js';
import { nodeOf, podOf } from '../objects.js';
import { filtered, kitOf, scored } from './kit.js';

type Amounts = Readonly<Record<string, string>>;

const small = { cpu: '10m', memory: '20', pods: '32', 'example.com/a': '5', 'hugepages-2Mi': '5' };
const running = (requests: Amounts): Pod => podOf('running', { requests, nodeName: 'n' });

const fits: readonly (readonly [string, string, Pod, Pod | null, Amounts?, object?])[] = [
  [
    'a pod that asks for nothing',
    'ok',
    podOf('p', { requests: {} }),
    running({ cpu: '10m', memory: '20' }),
  ],
  [
    'too much of both',
    'unschedulable: Insufficient cpu, Insufficient memory',
    podOf('p', { requests: { cpu: '1m', memory: '1' } }),
    running({ cpu: '10m', memory: '20' }),
  ],
  [
    'exactly what is left',
    'ok',
    podOf('p', { requests: { cpu: '5m', memory: '1' } }),
    running({ cpu: '5m', memory: '19' }),
  ],
  [
    'too little memory',
    'unschedulable: Insufficient memory',
    podOf('p', { requests: { cpu: '1m', memory: '2' } }),
    running({ cpu: '5m', memory: '19' }),
  ],
  [
    'more than the node ever has',
    'unresolvable: Insufficient cpu',
    podOf('p', { requests: { cpu: '11m' } }),
    null,
  ],
  [
    'too little and too small',
    'unresolvable: Insufficient cpu, Insufficient memory',
    podOf('p', { requests: { cpu: '11m', memory: '2' } }),
    running({ memory: '19' }),
  ],
  [
    'too many pods',
    'unschedulable: Too many pods',
    podOf('p', { requests: {} }),
    running({}),
    { ...small, pods: '1' },
  ],
  [
    'too many pods, and no memory',
    'unschedulable: Too many pods, Insufficient memory',
    podOf('p', { requests: { memory: '1' } }),
    running({ memory: '20' }),
    { ...small, pods: '1' },
  ],
  [
    'an extended resource that is there',
    'ok',
    podOf('p', { requests: { 'example.com/a': '3' } }),
    running({ 'example.com/a': '2' }),
  ],
  [
    'an extended resource that is used',
    'unschedulable: Insufficient example.com/a',
    podOf('p', { requests: { 'example.com/a': '3' } }),
    running({ 'example.com/a': '3' }),
  ],
  [
    'an extended resource that the node has not',
    'unresolvable: Insufficient example.com/b',
    podOf('p', { requests: { 'example.com/b': '1' } }),
    null,
  ],
  ['none of an extended resource', 'ok', podOf('p', { requests: { 'example.com/b': '0' } }), null],
  [
    'huge pages',
    'unschedulable: Insufficient hugepages-2Mi',
    podOf('p', { requests: { 'hugepages-2Mi': '4' } }),
    running({ 'hugepages-2Mi': '2' }),
  ],
  [
    'an ignored resource',
    'ok',
    podOf('p', { requests: { 'example.com/b': '1' } }),
    null,
    small,
    { ignoredResources: ['example.com/b'] },
  ],
  [
    'an ignored group',
    'ok',
    podOf('p', { requests: { 'example.com/b': '1' } }),
    null,
    small,
    { ignoredResourceGroups: ['example.com'] },
  ],
  [
    'a resource of another group',
    'unresolvable: Insufficient other.com/b',
    podOf('p', { requests: { 'other.com/b': '1' } }),
    null,
    small,
    { ignoredResourceGroups: ['example.com'] },
  ],
  [
    'only extended resources are ignored',
    'unresolvable: Insufficient hugepages-1Gi',
    podOf('p', { requests: { 'hugepages-1Gi': '1' } }),
    null,
    small,
    { ignoredResources: ['hugepages-1Gi'] },
  ],
  [
    'ephemeral storage',
    'unresolvable: Insufficient ephemeral-storage',
    podOf('p', { requests: { 'ephemeral-storage': '1' } }),
    null,
  ],
  [
    'the largest init container',
    'unresolvable: Insufficient cpu',
    podOf('p', {
      requests: { cpu: '1m' },
      initContainers: [{ name: 'i', resources: { requests: { cpu: '11m' } } }],
    }),
    null,
  ],
  [
    'a sidecar and the containers',
    'unschedulable: Insufficient cpu',
    podOf('p', {
      requests: { cpu: '6m' },
      initContainers: [
        { name: 'i', restartPolicy: 'Always', resources: { requests: { cpu: '4m' } } },
      ],
    }),
    running({ cpu: '1m' }),
  ],
  [
    'overhead',
    'unresolvable: Insufficient cpu',
    podOf('p', { requests: { cpu: '9m' }, overhead: { cpu: '2m' } }),
    null,
  ],
  [
    'what the pod states as a whole',
    'ok',
    podOf('p', { requests: { cpu: '1m' }, resources: { requests: { cpu: '10m' } } }),
    null,
  ],
];

t.test('NodeResourcesFit: pods fit where there is enough of everything', async (t) => {
  for (const [title, expected, pod, other, allocatable = small, args] of fits) {
    const kit = await kitOf(t, {
      nodes: [nodeOf('n', { allocatable })],
      ...(other === null ? {} : { pods: [other] }),
      ...{ plugins: ['NodeResourcesFit'], args: { NodeResourcesFit: args } },
    });
    t.same(filtered(kit, pod), { n: expected }, title);
  }
});

const a4 = nodeOf('a', { allocatable: { cpu: '4000m', memory: '10000' } });
const b6 = nodeOf('b', { allocatable: { cpu: '6000m', memory: '10000' } });
const asks = (cpu: string, memory: string) => podOf('p', { requests: { cpu, memory } });
const ratio = (shape: readonly object[], resources?: readonly object[]) => ({
  type: 'RequestedToCapacityRatio',
  requestedToCapacityRatio: { shape },
  ...(resources === undefined ? {} : { resources }),
});
const up = [
  { utilization: 0, score: 0 },
  { utilization: 100, score: 10 },
];

t.test('NodeResourcesFit: scores are those of kube-scheduler', async (t) => {
  // cpu (4000-3000)*100/4000 = 25 and memory 50 are 37; 50 and 50 are 50.
  const rows: readonly (readonly [object | undefined, Pod, object])[] = [
    [undefined, asks('3000m', '5000'), { a: 37, b: 50 }],
    [{ type: 'MostAllocated' }, asks('3000m', '5000'), { a: 62, b: 50 }],
    [{ type: 'LeastAllocated' }, asks('5000m', '5000'), { a: 25, b: 33 }],
    [{ type: 'MostAllocated' }, asks('5000m', '5000'), { a: 75, b: 66 }],
    [
      {
        type: 'LeastAllocated',
        resources: [
          { name: 'cpu', weight: 2 },
          { name: 'memory', weight: 1 },
        ],
      },
      asks('3000m', '5000'),
      { a: 33, b: 50 },
    ],
    [
      { type: 'LeastAllocated', resources: [{ name: 'cpu', weight: 1 }] },
      asks('3000m', '5000'),
      { a: 25, b: 50 },
    ],
    [ratio(up), asks('3000m', '5000'), { a: 63, b: 50 }],
    [
      ratio([
        { utilization: 0, score: 10 },
        { utilization: 100, score: 0 },
      ]),
      asks('3000m', '5000'),
      { a: 38, b: 50 },
    ],
    [
      ratio([
        { utilization: 40, score: 10 },
        { utilization: 60, score: 0 },
      ]),
      asks('3000m', '5000'),
      { a: 50, b: 50 },
    ],
  ];
  for (const [scoringStrategy, pod, expected] of rows) {
    const args = { NodeResourcesFit: { scoringStrategy } };
    const kit = await kitOf(t, { nodes: [a4, b6], plugins: ['NodeResourcesFit'], args });
    t.same(scored(kit, 'NodeResourcesFit', pod), expected, JSON.stringify(scoringStrategy));
  }
});

t.test('NodeResourcesFit: pods that ask for nothing count for something', async (t) => {
  const kit = await kitOf(t, {
    nodes: [nodeOf('n', { allocatable: { cpu: '1', memory: `${1000 * 2 ** 20}` } })],
    pods: [podOf('other', { requests: {}, nodeName: 'n' })],
    plugins: ['NodeResourcesFit'],
  });
  // 200 of 1000 millicores and 400 of 1000 MiB are taken.
  t.same(scored(kit, 'NodeResourcesFit', podOf('p', { requests: {} })), { n: 70 });
});

t.test('NodeResourcesFit: the documented example of bin packing', async (t) => {
  const resources = [
    { name: 'intel.com/foo', weight: 5 },
    { name: 'memory', weight: 1 },
    { name: 'cpu', weight: 3 },
  ];
  const kit = await kitOf(t, {
    nodes: [nodeOf('n', { allocatable: { 'intel.com/foo': '4', memory: '1024Mi', cpu: '8' } })],
    pods: [
      podOf('o', { requests: { 'intel.com/foo': '1', memory: '256Mi', cpu: '1' }, nodeName: 'n' }),
    ],
    ...{
      plugins: ['NodeResourcesFit'],
      args: { NodeResourcesFit: { scoringStrategy: ratio(up, resources) } },
    },
  });
  const pod = podOf('p', { requests: { 'intel.com/foo': '2', memory: '256Mi', cpu: '2' } });
  // (75*5 + 50*1 + 37*3) / 9
  t.same(scored(kit, 'NodeResourcesFit', pod), { n: 60 });
});

t.test('NodeResourcesBalancedAllocation: what becomes more even is preferred', async (t) => {
  const node = (name: string) =>
    nodeOf(name, { allocatable: { cpu: '10', memory: '10000', 'example.com/a': '10' } });
  const on = (nodeName: string, cpu: string, memory: string) =>
    podOf(`on-${nodeName}`, { requests: { cpu, memory }, nodeName });
  const kit = await kitOf(t, {
    nodes: [node('empty'), node('uneven'), node('full')],
    pods: [on('uneven', '6', '1000'), on('full', '10', '10000')],
    plugins: ['NodeResourcesBalancedAllocation'],
  });
  const rows = [
    // Even on even: nothing changes. On `uneven` 0.7 and 0.2 are as far apart as 0.6 and 0.1 (75 each). A full node cannot tell.
    [asks('1', '1000'), { empty: 75, uneven: 75, full: 75 }],
    // Memory alone: 100 to 75 on the empty one; 0.6 and 0.1 to 0.6 and 0.6 on the other.
    [podOf('p', { requests: { memory: '5000' } }), { empty: 62, uneven: 87, full: 75 }],
    [podOf('p', { requests: {} }), null],
  ] as const;
  for (const [pod, expected] of rows)
    t.same(scored(kit, 'NodeResourcesBalancedAllocation', pod), expected);
});

t.test(
  'NodeResourcesBalancedAllocation: three resources by their standard deviation',
  async (t) => {
    const kit = await kitOf(t, {
      nodes: [nodeOf('n', { allocatable: { cpu: '10', memory: '10000', 'example.com/a': '10' } })],
      plugins: ['NodeResourcesBalancedAllocation'],
      args: {
        NodeResourcesBalancedAllocation: {
          resources: ['cpu', 'memory', 'example.com/a'].map((name) => ({ name, weight: 1 })),
        },
      },
    });
    const pod = podOf('p', { requests: { cpu: '3', memory: '6000', 'example.com/a': '9' } });
    // 0.3, 0.6 and 0.9: a deviation of 0.2449, 75 of 100; 50 + (50 + 75 - 100) / 2.
    t.same(scored(kit, 'NodeResourcesBalancedAllocation', pod), { n: 62 });
  },
);

t.test('percentage: is that of 64-bit integers', async (t) => {
  for (const [part, whole, expected] of [
    [1, 3, 33],
    [2, 3, 66],
    [0, 7, 0],
    [2 ** 52, 2 ** 52, 100],
    [2 ** 52 - 1, 2 ** 52, 99],
    [29, 100, 29],
    [57, 100, 57],
  ] as const)
    t.equal(percentage(part, whole), expected, `${part}/${whole}`);
});

t.test('brokenLine: goes through the points and is level outside of them', async (t) => {
  const at = brokenLine([
    { utilization: 10, score: 100 },
    { utilization: 90, score: 0 },
  ]);
  t.same([0, 10, 11, 50, 89, 90, 100].map(at), [100, 100, 99, 50, 2, 0, 0]);
});
