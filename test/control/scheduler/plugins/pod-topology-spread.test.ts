import t from 'tap';
import type {
  Node,
  Pod,
  TopologySpreadConstraint,
} from '../../../../src/control/api/gen/core-v1.js';
import { nodeOf, podOf } from '../objects.js';
import { filtered, kitOf, scored } from './kit.js';

const zone = 'topology.kubernetes.io/zone';
const hostname = 'kubernetes.io/hostname';
const inZone = (name: string, value: string): Node => nodeOf(name, { labels: { [zone]: value } });
const nodes = [inZone('a', 'z1'), inZone('b', 'z1'), inZone('x', 'z2'), inZone('y', 'z2')];
const labels = { app: 'web' };

let count = 0;
const on = (nodeName: string, metadata: object = {}): Pod => {
  const name = `p${count++}`;
  return podOf(name, {
    nodeName,
    metadata: { name, uid: name, namespace: 'default', labels, ...metadata },
  });
};
const spreading = (...topologySpreadConstraints: TopologySpreadConstraint[]): Pod =>
  podOf('p', { metadata: { name: 'p', labels }, topologySpreadConstraints });
const constraint = (
  topologyKey: string,
  maxSkew = 1,
  more: Partial<TopologySpreadConstraint> = {},
): TopologySpreadConstraint => ({
  ...{ topologyKey, maxSkew, whenUnsatisfiable: 'DoNotSchedule' },
  ...{ labelSelector: { matchLabels: labels }, ...more },
});
const softly = (topologyKey: string, maxSkew = 1) =>
  constraint(topologyKey, maxSkew, { whenUnsatisfiable: 'ScheduleAnyway' });

const rows: readonly (readonly [
  string,
  readonly Pod[],
  readonly TopologySpreadConstraint[],
  string,
])[] = [
  ['an empty cluster', [], [constraint(zone)], 'abxy'],
  ['one zone is ahead', [on('a')], [constraint(zone)], 'xy'],
  ['a skew of two is allowed', [on('a')], [constraint(zone, 2)], 'abxy'],
  ['nodes on their own', [on('a'), on('x'), on('y')], [constraint(hostname)], 'b'],
  ['both at once', [on('a'), on('x'), on('y')], [constraint(zone), constraint(hostname)], 'b'],
  [
    'two constraints that no node meets',
    [on('a'), on('b'), on('x')],
    [constraint(zone), constraint(hostname, 1, { labelSelector: { matchLabels: { app: 'web' } } })],
    'y',
  ],
  [
    'pods of other namespaces do not count',
    [on('a', { namespace: 'other' })],
    [constraint(zone)],
    'abxy',
  ],
  [
    'pods with other labels do not count',
    [on('a', { labels: { app: 'db' } })],
    [constraint(zone)],
    'abxy',
  ],
  [
    'pods that are being deleted do not count',
    [on('a', { deletionTimestamp: '2026-01-01T00:00:00Z' })],
    [constraint(zone)],
    'abxy',
  ],
  [
    'three domains are wanted where there are two',
    [on('a'), on('x')],
    [constraint(zone, 1, { minDomains: 3 })],
    '',
  ],
  ['and two', [on('a'), on('x')], [constraint(zone, 1, { minDomains: 2 })], 'abxy'],
  [
    'a pod that does not count itself',
    [on('a')],
    [constraint(zone, 1, { labelSelector: { matchLabels: { app: 'web', tier: 'front' } } })],
    'abxy',
  ],
  ['a label that no node has', [], [constraint('rack')], ''],
];

t.test('PodTopologySpread: pods go where they keep the balance', async (t) => {
  for (const [title, pods, constraints, expected] of rows) {
    const kit = await kitOf(t, { nodes, pods, plugins: ['PodTopologySpread'] });
    const said = filtered(kit, spreading(...constraints));
    const fits = Object.keys(said).filter((name) => said[name] === 'ok');
    t.equal(fits.sort().join(''), expected, title);
  }
});

t.test('PodTopologySpread: says what is in the way', async (t) => {
  const kit = await kitOf(t, {
    nodes: [...nodes, nodeOf('bare')],
    pods: [on('a')],
    plugins: ['PodTopologySpread'],
  });
  t.match(filtered(kit, spreading(constraint(zone))), {
    a: "unschedulable: node(s) didn't match pod topology spread constraints",
    bare: "unresolvable: node(s) didn't match pod topology spread constraints (missing required label)",
  });
});

t.test('PodTopologySpread: policies say which nodes count', async (t) => {
  const kit = await kitOf(t, {
    nodes: [
      inZone('a', 'z1'),
      inZone('x', 'z2'),
      { ...inZone('n', 'z3'), spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } },
    ],
    pods: [on('a'), on('x')],
    plugins: ['PodTopologySpread'],
  });
  const fits = (pod: Pod) =>
    Object.entries(filtered(kit, pod))
      .filter(([, said]) => said === 'ok')
      .map(([name]) => name)
      .join('');
  t.equal(
    fits(spreading(constraint(zone))),
    'n',
    'the empty zone counts although its node is tainted',
  );
  t.equal(fits(spreading(constraint(zone, 1, { nodeTaintsPolicy: 'Honor' }))), 'axn');
  const choosy = (policy: string): Pod => {
    const pod = spreading(constraint(zone, 1, { nodeAffinityPolicy: policy }));
    return { ...pod, spec: { ...pod.spec, nodeSelector: { [hostname]: 'a' } } };
  };
  t.match(fits(choosy('Honor')), /^a/);
  t.equal(fits(choosy('Ignore')), 'n');
});

t.test('PodTopologySpread: matchLabelKeys count pods of the same version', async (t) => {
  const versioned = (version: string) => ({ labels: { ...labels, version } });
  const kit = await kitOf(t, {
    nodes,
    pods: [on('a', versioned('1')), on('x', versioned('2'))],
    plugins: ['PodTopologySpread'],
  });
  const pod = podOf('p', {
    metadata: { name: 'p', ...versioned('2') },
    topologySpreadConstraints: [constraint(zone, 1, { matchLabelKeys: ['version', 'absent'] })],
  });
  t.match(filtered(kit, pod), { a: 'ok', x: /unschedulable/ });
});

t.test('PodTopologySpread: emptier domains score higher', async (t) => {
  const kit = await kitOf(t, {
    nodes,
    pods: [on('a'), on('a'), on('b'), on('x')],
    plugins: ['PodTopologySpread'],
  });
  const score = (...constraints: TopologySpreadConstraint[]) =>
    scored(kit, 'PodTopologySpread', spreading(...constraints));
  t.equal(score(), null);
  t.equal(score(constraint(zone)), null);
  // ln 6 for each pod of the node, rounded: 4, 2, 2 and 0 of 4.
  t.same(score(softly(hostname)), { a: 0, b: 50, x: 50, y: 100 });
  // ln 4 for each pod of the zone: 4 and 1.
  t.same(score(softly(zone)), { a: 25, b: 25, x: 100, y: 100 });
  t.same(scored(kit, 'PodTopologySpread', spreading(softly(hostname)), ['y']), { y: 100 });
});

t.test('PodTopologySpread: pods of a service or a controller spread by default', async (t) => {
  const service = { metadata: { name: 's', namespace: 'default' }, spec: { selector: labels } };
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'rs',
    uid: 'rs',
    controller: true,
  };
  const replicaSet = {
    metadata: { name: 'rs', namespace: 'default' },
    spec: { selector: { matchLabels: labels } },
  };
  const bare = podOf('p', { metadata: { name: 'p', labels } });
  const owned = podOf('p', { metadata: { name: 'p', labels, ownerReferences: [owner] } });
  const pods = [on('a'), on('a'), on('b')];
  const base = { nodes, pods, plugins: ['PodTopologySpread'] };
  const alone = await kitOf(t, base);
  t.equal(scored(alone, 'PodTopologySpread', bare), null);
  const served = await kitOf(t, { ...base, objects: { services: [service] } });
  // Hosts: ln 6 * (2, 1, 0, 0) + 2; zones: ln 4 * (3, 3, 0, 0) + 4; rounded 14, 12, 6 and 6.
  const expected = { a: 42, b: 57, x: 100, y: 100 };
  t.same(scored(served, 'PodTopologySpread', bare), expected);
  const controlled = await kitOf(t, { ...base, objects: { replicasets: [replicaSet] } });
  t.same(scored(controlled, 'PodTopologySpread', owned), expected);
  t.equal(scored(controlled, 'PodTopologySpread', bare), null);
  const listed = await kitOf(t, {
    ...{ ...base, objects: { services: [service] } },
    args: {
      PodTopologySpread: {
        defaultingType: 'List',
        defaultConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule' }],
      },
    },
  });
  t.match(filtered(listed, bare), { a: /unschedulable/, b: /unschedulable/, x: 'ok', y: 'ok' });
  t.equal(scored(listed, 'PodTopologySpread', bare), null);
});

t.test(
  "PodTopologySpread: a node without a zone is scored by its own pods with the system's defaults",
  async (t) => {
    const service = { metadata: { name: 's', namespace: 'default' }, spec: { selector: labels } };
    const kit = await kitOf(t, {
      nodes: [inZone('a', 'z1'), nodeOf('bare')],
      ...{ pods: [on('a')], objects: { services: [service] }, plugins: ['PodTopologySpread'] },
    });
    // ln 4 + 2 + ln 4 + 4 is 9; 2 without the zone.
    t.same(scored(kit, 'PodTopologySpread', podOf('p', { metadata: { name: 'p', labels } })), {
      a: 22,
      bare: 100,
    });
  },
);
