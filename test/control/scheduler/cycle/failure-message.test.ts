import t from 'tap';
import { enoughNodes } from '../../../../src/control/scheduler/cycle/enough-nodes.js';
import {
  misfitMessage,
  truncateNote,
} from '../../../../src/control/scheduler/cycle/failure-message.js';
import { RefusedNodes } from '../../../../src/control/scheduler/cycle/refused-nodes.js';
import { NodeState } from '../../../../src/control/scheduler/framework/node-state.js';
import type { PluginStatus } from '../../../../src/control/scheduler/framework/plugin.js';
import { nodeOf } from '../objects.js';

const status = (...reasons: string[]): PluginStatus => ({ code: 'unschedulable', reasons });
const cpu = status('Insufficient cpu');
const both = status('Insufficient cpu', 'Insufficient memory');
const taint = status('node(s) had untolerated taint(s)');

const rows: readonly (readonly [
  statuses: readonly PluginStatus[],
  others: PluginStatus | null,
  about: { nodeCount?: number; pre?: string; post?: string },
  expected: string,
])[] = [
  [[cpu], null, {}, '0/1 nodes are available: 1 Insufficient cpu.'],
  [
    [taint, cpu, taint],
    null,
    {},
    '0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).',
  ],
  [[both, cpu], null, {}, '0/2 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.'],
  [
    [cpu],
    null,
    {
      post: 'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    },
    '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  ],
  [
    [cpu],
    status("node(s) didn't satisfy plugin(s) [NodeAffinity]"),
    { nodeCount: 5 },
    "0/5 nodes are available: 1 Insufficient cpu, 4 node(s) didn't satisfy plugin(s) [NodeAffinity].",
  ],
  [
    [],
    status('anything'),
    { nodeCount: 2, pre: 'persistentvolumeclaim "a" not found' },
    '0/2 nodes are available: persistentvolumeclaim "a" not found.',
  ],
];

t.test('misfitMessage counts reasons as Kubernetes words them', (t) => {
  for (const [statuses, others, { nodeCount, pre = '', post = '' }, expected] of rows) {
    const nodes = statuses.map((_, at) => new NodeState(nodeOf(`n${at}`)));
    const misfit = {
      nodeCount: nodeCount ?? statuses.length,
      statuses: { byNode: RefusedNodes.some(nodes, statuses), others },
      ...{ preFilterMessage: pre, postFilterMessage: post },
    };
    t.equal(misfitMessage(misfit), expected);
    const byNode = new Map(statuses.map((each, at) => [`n${at}`, each]));
    t.equal(misfitMessage({ ...misfit, statuses: { byNode, others } }), expected, 'of a Map');
  }
  t.end();
});

t.test('RefusedNodes is a map of nodes by name', (t) => {
  const nodes = ['a', 'b'].map((name) => new NodeState(nodeOf(name)));
  const refused = RefusedNodes.some(nodes, [cpu, taint]);
  t.equal(refused.size, 2);
  t.same([refused.get('b'), refused.get('c')], [taint, undefined]);
  t.same([refused.has('a'), refused.has('c')], [true, false]);
  t.same(
    [...refused],
    [
      ['a', cpu],
      ['b', taint],
    ],
  );
  t.same([...refused.keys()], ['a', 'b']);
  t.same([...refused.values()], [cpu, taint]);
  t.end();
});

t.test('truncateNote keeps what an event may carry', (t) => {
  t.equal(truncateNote('x'.repeat(1024)), 'x'.repeat(1024));
  t.equal(truncateNote('x'.repeat(1025)), `${'x'.repeat(1020)} ...`);
  t.end();
});

t.test(
  'enoughNodes looks at all nodes of small clusters, and at fewer the larger they are',
  (t) => {
    const cases: readonly (readonly [nodes: number, percentage: number, expected: number])[] = [
      [0, 0, 0],
      [99, 0, 99],
      [99, 10, 99],
      [100, 0, 100],
      [150, 0, 100],
      [1000, 0, 420],
      [5000, 0, 500],
      [6000, 0, 300],
      [20_000, 0, 1000],
      [1000, 40, 400],
      [1000, 100, 1000],
      [1000, 1, 100],
    ];
    for (const [nodes, percentage, expected] of cases)
      t.equal(enoughNodes(nodes, percentage), expected, `${nodes} nodes, ${percentage} %`);
    t.end();
  },
);

t.test('RefusedNodes: all nodes of a list, from the one that was asked first', (t) => {
  const nodes = ['a', 'b', 'c', 'd'].map((name) => new NodeState(nodeOf(name)));
  const refused = RefusedNodes.all(nodes, [cpu, cpu, taint, cpu], 1);
  t.same([...refused.keys()], ['b', 'c', 'd', 'a']);
  t.same([...refused.values()], [cpu, taint, cpu, cpu]);
  t.same(
    [...refused.counts],
    [
      [cpu, 3],
      [taint, 1],
    ],
  );
  t.same([refused.get('c'), refused.get('a'), refused.get('e')], [taint, cpu, undefined]);
  t.same(
    [0, 1, 2, 3].map((index) => refused.placeOf(index)),
    [1, 2, 3, 0],
  );
  const more = refused.and([[new NodeState(nodeOf('e')), taint]]);
  t.same([...more.keys()], ['b', 'c', 'd', 'a', 'e']);
  t.equal(more.all, null, 'places in the list do not hold any more');
  t.same([...RefusedNodes.all([], [], 0).counts], []);
  t.end();
});
