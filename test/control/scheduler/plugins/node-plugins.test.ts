import t from 'tap';
import type { Pod, PodSpec, Toleration } from '../../../../src/control/api/gen/core-v1.js';
import { podInfoOf } from '../../../../src/control/scheduler/framework/pod-info.js';
import { deadlineSort } from '../../../../src/control/scheduler/plugins/deadline-sort/deadline-sort.js';
import { prioritySort } from '../../../../src/control/scheduler/plugins/priority-sort/priority-sort.js';
import { schedulingGates } from '../../../../src/control/scheduler/plugins/scheduling-gates/scheduling-gates.js';
import { nodeOf, podOf } from '../objects.js';
import { filtered, kitOf, scored } from './kit.js';

t.test('NodeName: a pod that names its node runs there or nowhere', async (t) => {
  const kit = await kitOf(t, { nodes: [nodeOf('a'), nodeOf('b')], plugins: ['NodeName'] });
  const other = "unresolvable: node(s) didn't match the requested node name";
  t.same(filtered(kit, podOf('p')), { a: 'ok', b: 'ok' });
  t.same(filtered(kit, podOf('p', { nodeName: 'b' })), { a: other, b: 'ok' });
});

t.test('NodeUnschedulable: cordoned nodes take pods that tolerate the taint', async (t) => {
  const nodes = [nodeOf('open'), nodeOf('cordoned', { unschedulable: true })];
  const kit = await kitOf(t, { nodes, plugins: ['NodeUnschedulable'] });
  const refusal = 'unresolvable: node(s) were unschedulable';
  const rows: readonly (readonly [Toleration[], string])[] = [
    [[], refusal],
    [[{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }], 'ok'],
    [[{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }], 'ok'],
    [
      [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoExecute', operator: 'Exists' }],
      refusal,
    ],
    [[{ operator: 'Exists' }], 'ok'],
  ];
  for (const [tolerations, cordoned] of rows) {
    const said = filtered(kit, podOf('p', { tolerations }));
    t.same(said, { open: 'ok', cordoned }, JSON.stringify(tolerations));
  }
});

const untolerated = 'unresolvable: node(s) had untolerated taint(s)';
const dedicated = { key: 'dedicated', value: 'user1', effect: 'NoSchedule' };

const taints: readonly (readonly [
  { key: string; value?: string; effect: string }[],
  Toleration[],
  string,
])[] = [
  [[], [], 'ok'],
  [[dedicated], [], untolerated],
  [[dedicated], [{ key: 'dedicated', value: 'user1', effect: 'NoSchedule' }], 'ok'],
  [[dedicated], [{ key: 'dedicated', operator: 'Equal', value: 'user2' }], untolerated],
  [[dedicated], [{ key: 'dedicated', operator: 'Exists' }], 'ok'],
  [[dedicated], [{ key: 'dedicated', operator: 'Exists', effect: 'NoExecute' }], untolerated],
  [[dedicated], [{ operator: 'Exists' }], 'ok'],
  [[dedicated], [{ key: 'other', operator: 'Exists' }], untolerated],
  [[{ ...dedicated, effect: 'NoExecute' }], [], untolerated],
  [[{ ...dedicated, effect: 'PreferNoSchedule' }], [], 'ok'],
  [
    [dedicated, { key: 'b', effect: 'NoSchedule' }],
    [{ key: 'dedicated', operator: 'Exists' }],
    untolerated,
  ],
  // A value that is empty equals one that is not there.
  [[{ key: 'b', effect: 'NoSchedule' }], [{ key: 'b', value: '' }], 'ok'],
];

t.test('TaintToleration: pods stay off nodes with taints that they do not tolerate', async (t) => {
  for (const [nodeTaints, tolerations, expected] of taints) {
    const nodes = [nodeOf('n', { taints: nodeTaints })];
    const kit = await kitOf(t, { nodes, plugins: ['TaintToleration'] });
    t.same(
      filtered(kit, podOf('p', { tolerations })),
      { n: expected },
      JSON.stringify([nodeTaints, tolerations]),
    );
  }
});

t.test('TaintToleration: fewer taints that ask to stay away are better', async (t) => {
  const soft = (...keys: string[]) => keys.map((key) => ({ key, effect: 'PreferNoSchedule' }));
  const kit = await kitOf(t, {
    nodes: [
      nodeOf('none'),
      nodeOf('one', { taints: soft('a') }),
      nodeOf('three', { taints: soft('a', 'b', 'c') }),
    ],
    plugins: ['TaintToleration'],
  });
  const score = (...tolerations: Toleration[]) =>
    scored(kit, 'TaintToleration', podOf('p', { tolerations }));
  t.same(score(), { none: 100, one: 67, three: 0 });
  t.same(score({ key: 'a', operator: 'Exists' }), { none: 100, one: 100, three: 0 });
  t.same(score({ operator: 'Exists' }), { none: 100, one: 100, three: 100 });
  // A toleration of another effect is none of these taints.
  t.same(score({ operator: 'Exists', effect: 'NoSchedule' }), { none: 100, one: 67, three: 0 });
});

const withPorts = (
  name: string,
  ports: { hostPort: number; hostIP?: string; protocol?: string }[],
  nodeName = '',
): Pod => podOf(name, { nodeName, ...({ containers: [{ name: 'main', ports }] } as PodSpec) });

t.test('NodePorts: ports of the node must be free', async (t) => {
  const taken = "unschedulable: node(s) didn't have free ports for the requested pod ports";
  const used = [
    { hostPort: 80 },
    { hostPort: 81, hostIP: '127.0.0.1' },
    { hostPort: 82, protocol: 'UDP' },
  ];
  const kit = await kitOf(t, {
    nodes: [nodeOf('n')],
    pods: [withPorts('r', used, 'n')],
    plugins: ['NodePorts'],
  });
  const rows = [
    [{ hostPort: 8080 }, 'ok'],
    [{ hostPort: 80 }, taken],
    [{ hostPort: 80, protocol: 'UDP' }, 'ok'],
    [{ hostPort: 80, hostIP: '10.0.0.1' }, taken],
    [{ hostPort: 81, hostIP: '10.0.0.1' }, 'ok'],
    [{ hostPort: 81, hostIP: '127.0.0.1' }, taken],
    [{ hostPort: 81 }, taken],
    [{ hostPort: 82 }, 'ok'],
  ] as const;
  for (const [port, expected] of rows)
    t.same(filtered(kit, withPorts('p', [port])), { n: expected }, JSON.stringify(port));
});

t.test('SchedulingGates: pods wait for their last gate', async (t) => {
  const plugin = schedulingGates();
  const gated = (...names: string[]) =>
    podInfoOf(podOf('p', { schedulingGates: names.map((name) => ({ name })) }));
  t.equal(plugin.preEnqueue?.(gated()), null);
  t.same(plugin.preEnqueue?.(gated('foo', 'bar')), {
    code: 'unresolvable',
    reasons: ['waiting for scheduling gates: [foo bar]'],
  });
});

const queued = (name: string, priority: number, timestampMs: number, deadline?: string) => {
  const annotations =
    deadline === undefined ? {} : { 'scheduling.flotilla.dev/deadline': deadline };
  const pod = podOf(name, { priority, metadata: { name, annotations } });
  return { info: podInfoOf(pod), pod, initialAttemptMs: null, timestampMs };
};

t.test('PrioritySort: priority first, then who has waited longer', async (t) => {
  const pods = [queued('late', 1, 20), queued('early', 1, 10), queued('high', 2, 30)];
  const order = pods.sort((a, b) => prioritySort().less?.(a, b) ?? 0);
  t.same(
    order.map(({ pod }) => pod.metadata.name),
    ['high', 'early', 'late'],
  );
});

t.test(
  'DeadlineSort: within a priority the nearest deadline first, none and nonsense last',
  async (t) => {
    const pods = [
      queued('none', 1, 10),
      queued('nonsense', 1, 20, 'tomorrow'),
      queued('later', 1, 5, '2026-01-03T00:00:00Z'),
      queued('sooner', 1, 40, '2026-01-02T23:00:00+01:00'),
      queued('high', 2, 50),
    ];
    const { less } = deadlineSort();
    const order = pods.sort((a, b) => less?.(a, b) ?? 0);
    t.same(
      order.map(({ pod }) => pod.metadata.name),
      ['high', 'sooner', 'later', 'none', 'nonsense'],
    );
  },
);
