import t from 'tap';
import type { NodeSelectorTerm, PodSpec } from '../../../../src/control/api/gen/core-v1.js';
import { nodeOf, podOf } from '../objects.js';
import { filtered, kitOf, scored } from './kit.js';

const nodes = [
  nodeOf('a', { labels: { zone: 'east', disk: 'ssd', cores: '8' } }),
  nodeOf('b', { labels: { zone: 'west', cores: '4' } }),
  nodeOf('c'),
];
const required = (...nodeSelectorTerms: NodeSelectorTerm[]): PodSpec => ({
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
  },
});
const label = (key: string, operator: string, ...values: string[]): NodeSelectorTerm => ({
  matchExpressions: [{ key, operator, ...(values.length === 0 ? {} : { values }) }],
});
const named = (operator: string, name: string): NodeSelectorTerm => ({
  matchFields: [{ key: 'metadata.name', operator, values: [name] }],
});

const rows: readonly (readonly [PodSpec, string])[] = [
  [{}, 'abc'],
  [{ nodeSelector: { zone: 'east' } }, 'a'],
  [{ nodeSelector: { zone: 'east', disk: 'hdd' } }, ''],
  [required(label('zone', 'In', 'east', 'north')), 'a'],
  [required(label('zone', 'NotIn', 'east')), 'bc'],
  [required(label('zone', 'Exists')), 'ab'],
  [required(label('zone', 'DoesNotExist')), 'c'],
  [required(label('cores', 'Gt', '4')), 'a'],
  [required(label('cores', 'Lt', '8')), 'b'],
  [required(label('cores', 'Gt', 'many')), ''],
  [required(label('zone', 'Sideways', 'x')), ''],
  [required(label('zone', 'In', 'east'), label('zone', 'In', 'west')), 'ab'],
  [
    required({
      matchExpressions: [
        ...(label('zone', 'Exists').matchExpressions ?? []),
        { key: 'disk', operator: 'Exists' },
      ],
    }),
    'a',
  ],
  // A term that asks for nothing selects nothing.
  [required({}), ''],
  [required(), ''],
  [{ nodeSelector: { zone: 'west' }, ...required(label('zone', 'Exists')) }, 'b'],
  [required(named('NotIn', 'a')), 'bc'],
  [required({ ...named('NotIn', 'a'), ...label('zone', 'Exists') }), 'b'],
];

t.test('NodeAffinity: pods go where selector and required affinity let them', async (t) => {
  const kit = await kitOf(t, { nodes, plugins: ['NodeAffinity'] });
  for (const [spec, expected] of rows) {
    const said = filtered(kit, podOf('p', spec));
    const fits = Object.keys(said).filter((name) => said[name] === 'ok');
    t.equal(fits.sort().join(''), expected, JSON.stringify(spec));
    for (const name of Object.keys(said).filter((each) => !expected.includes(each)))
      t.equal(said[name], "unresolvable: node(s) didn't match Pod's node affinity/selector");
  }
});

t.test('NodeAffinity: nodes that are named are the only ones to be looked at', async (t) => {
  const kit = await kitOf(t, { nodes, plugins: ['NodeAffinity'] });
  const said = (...terms: NodeSelectorTerm[]) => filtered(kit, podOf('p', required(...terms)));
  t.same(said(named('In', 'b')), { b: 'ok' });
  t.same(said(named('In', 'b'), named('In', 'a')), { a: 'ok', b: 'ok' });
  // One term that names none opens all of them again.
  t.same(Object.keys(said(named('In', 'b'), label('zone', 'In', 'east'))).length, 3);
  const both = {
    matchFields: ['a', 'b'].map((name) => ({
      key: 'metadata.name',
      operator: 'In',
      values: [name],
    })),
  };
  t.same(said(both), { '*': 'unresolvable: pod affinity terms conflict' });
});

t.test('NodeAffinity: preferred terms add up, and the best node gets 100', async (t) => {
  const kit = await kitOf(t, { nodes, plugins: ['NodeAffinity'] });
  const preferring = (...terms: [number, NodeSelectorTerm][]) =>
    podOf('p', {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: terms.map(([weight, preference]) => ({
            weight,
            preference,
          })),
        },
      },
    });
  const score = (...terms: [number, NodeSelectorTerm][]) =>
    scored(kit, 'NodeAffinity', preferring(...terms));
  t.equal(scored(kit, 'NodeAffinity', podOf('p')), null);
  t.same(score([2, label('zone', 'Exists')], [4, label('disk', 'Exists')]), {
    a: 100,
    b: 33,
    c: 0,
  });
  t.same(score([5, label('zone', 'In', 'north')]), { a: 0, b: 0, c: 0 });
  t.equal(score([0, label('zone', 'Exists')]), null);
  t.same(score([1, {}]), { a: 0, b: 0, c: 0 });
});

t.test('NodeAffinity: what the arguments add holds for every pod', async (t) => {
  const addedAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [label('zone', 'Exists')],
    },
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: 10, preference: label('disk', 'Exists') },
    ],
  };
  const kit = await kitOf(t, {
    nodes,
    plugins: ['NodeAffinity'],
    args: { NodeAffinity: { addedAffinity } },
  });
  t.same(filtered(kit, podOf('p', { nodeSelector: { zone: 'east' } })), {
    a: 'ok',
    b: "unresolvable: node(s) didn't match Pod's node affinity/selector",
    c: "unresolvable: node(s) didn't match scheduler-enforced node affinity",
  });
  t.same(scored(kit, 'NodeAffinity', podOf('p')), { a: 100, b: 0, c: 0 });
});

t.test("NodeAffinity: a node that has become the pod's is tried again", async (t) => {
  const kit = await kitOf(t, { nodes, plugins: ['NodeAffinity'] });
  const { podInfoOf } = await import('../../../../src/control/scheduler/framework/pod-info.js');
  const pod = podInfoOf(podOf('p', { nodeSelector: { zone: 'east' } }));
  const [interest] = kit.plugin('NodeAffinity').eventsToRegister?.() ?? [];
  const [east, west] = [nodes[0]!, nodes[1]!];
  const hint = (before: typeof east | null, after: typeof east) =>
    interest?.hint?.(pod, { resource: 'Node', action: 'update-node-label', before, after });
  t.equal(hint(null, east), 'queue');
  t.equal(hint(null, west), 'skip');
  t.equal(hint(west, east), 'queue');
  t.equal(hint(east, east), 'skip');
  t.equal(hint(east, west), 'skip');
});
