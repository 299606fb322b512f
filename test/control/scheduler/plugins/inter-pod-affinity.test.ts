import t from 'tap';
import type {
  Affinity,
  Node,
  Pod,
  PodAffinityTerm,
} from '../../../../src/control/api/gen/core-v1.js';
import { podInfoOf } from '../../../../src/control/scheduler/framework/pod-info.js';
import { nodeOf, podOf } from '../objects.js';
import { filtered, kitOf, scored } from './kit.js';

const zone = 'topology.kubernetes.io/zone';
const inZone = (name: string, value: string): Node => nodeOf(name, { labels: { [zone]: value } });
const nodes = [inZone('a', 'z1'), inZone('b', 'z1'), inZone('x', 'z2'), nodeOf('bare')];
const term = (
  topologyKey: string,
  app: string,
  more: Partial<PodAffinityTerm> = {},
): PodAffinityTerm => ({
  ...{ topologyKey, labelSelector: { matchLabels: { app } }, ...more },
});
const near = (...terms: PodAffinityTerm[]): Affinity => ({
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
});
const away = (...terms: PodAffinityTerm[]): Affinity => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
});

let count = 0;
const pod = (app: string, affinity: Affinity = {}, nodeName = '', namespace = 'default'): Pod => {
  const name = `p${count++}`;
  return podOf(name, {
    affinity,
    nodeName,
    metadata: { name, uid: name, namespace, labels: { app } },
  });
};

const rules = {
  wanted: "unresolvable: node(s) didn't match pod affinity rules",
  unwanted: "unschedulable: node(s) didn't match pod anti-affinity rules",
  repelled: "unschedulable: node(s) didn't satisfy existing pods anti-affinity rules",
};

const rows: readonly (readonly [string, readonly Pod[], Pod, string, keyof typeof rules])[] = [
  [
    'near a pod of the zone',
    [pod('db', {}, 'a')],
    pod('web', near(term(zone, 'db'))),
    'ab',
    'wanted',
  ],
  [
    'near a pod of the node',
    [pod('db', {}, 'a')],
    pod('web', near(term('kubernetes.io/hostname', 'db'))),
    'a',
    'wanted',
  ],
  ['near a pod that is nowhere', [], pod('web', near(term(zone, 'db'))), '', 'wanted'],
  [
    'the first of its kind goes anywhere with the label',
    [],
    pod('web', near(term(zone, 'web'))),
    'abx',
    'wanted',
  ],
  [
    'the second does not',
    [pod('web', {}, 'x')],
    pod('web', near(term(zone, 'web'))),
    'x',
    'wanted',
  ],
  [
    'near pods that meet all terms',
    [pod('db', {}, 'a'), pod('cache', {}, 'x')],
    pod('web', near(term(zone, 'db'), term(zone, 'cache'))),
    '',
    'wanted',
  ],
  [
    'a pod of another namespace is not meant',
    [pod('db', {}, 'a', 'other')],
    pod('web', near(term(zone, 'db'))),
    '',
    'wanted',
  ],
  [
    'unless it is named',
    [pod('db', {}, 'a', 'other')],
    pod('web', near(term(zone, 'db', { namespaces: ['other'] }))),
    'ab',
    'wanted',
  ],
  [
    'or selected',
    [pod('db', {}, 'a', 'other')],
    pod('web', near(term(zone, 'db', { namespaceSelector: { matchLabels: { team: 'x' } } }))),
    'ab',
    'wanted',
  ],
  [
    'or all are',
    [pod('db', {}, 'a', 'third')],
    pod('web', near(term(zone, 'db', { namespaceSelector: {} }))),
    'ab',
    'wanted',
  ],
  [
    'but not if it is not',
    [pod('db', {}, 'a', 'third')],
    pod('web', near(term(zone, 'db', { namespaceSelector: { matchLabels: { team: 'x' } } }))),
    '',
    'wanted',
  ],
  [
    'away from a zone',
    [pod('db', {}, 'a')],
    pod('web', away(term(zone, 'db'))),
    'barex',
    'unwanted',
  ],
  [
    'away from a node',
    [pod('db', {}, 'a')],
    pod('web', away(term('kubernetes.io/hostname', 'db'))),
    'bbarex',
    'unwanted',
  ],
  [
    'kept away by a pod of the zone',
    [pod('db', away(term(zone, 'web')), 'a')],
    pod('web'),
    'barex',
    'repelled',
  ],
  [
    'not kept away by one that means others',
    [pod('db', away(term(zone, 'cache')), 'a')],
    pod('web'),
    'abbarex',
    'repelled',
  ],
  [
    'no selector selects nobody',
    [pod('db', {}, 'a')],
    pod('web', away({ topologyKey: zone })),
    'abbarex',
    'unwanted',
  ],
];

const namespaces = [
  { metadata: { name: 'default' } },
  { metadata: { name: 'other', labels: { team: 'x' } } },
  { metadata: { name: 'third', labels: { team: 'y' } } },
];

t.test(
  'InterPodAffinity: pods go near those that they want, and away from the others',
  async (t) => {
    for (const [title, pods, incoming, expected, rule] of rows) {
      const kit = await kitOf(t, {
        nodes,
        pods,
        objects: { namespaces },
        plugins: ['InterPodAffinity'],
      });
      const said = filtered(kit, incoming);
      const fits = Object.keys(said).filter((name) => said[name] === 'ok');
      t.equal(fits.sort().join(''), expected, title);
      for (const [name, text] of Object.entries(said))
        if (text !== 'ok') t.equal(text, rules[rule], `${title}: ${name}`);
    }
  },
);

t.test('InterPodAffinity: a namespace that gets the label is seen at once', async (t) => {
  const kit = await kitOf(t, {
    nodes,
    pods: [pod('db', {}, 'a', 'third')],
    objects: { namespaces },
    plugins: ['InterPodAffinity'],
  });
  const incoming = pod(
    'web',
    near(term(zone, 'db', { namespaceSelector: { matchLabels: { team: 'x' } } })),
  );
  t.equal(filtered(kit, incoming).a, rules.wanted);
  kit.api.put('namespaces', { metadata: { name: 'third', labels: { team: 'x' } } });
  const { resources } = await import('../../../../src/control/client/index.js');
  const { lister } = kit.informers.of(resources.namespaces);
  while (lister.byKey('third')?.metadata.labels?.team !== 'x')
    await new Promise<void>((resolve) => setImmediate(resolve));
  t.equal(filtered(kit, incoming).a, 'ok');
});

t.test('InterPodAffinity: preferences of both sides are scored', async (t) => {
  const prefer = (weight: number, podAffinityTerm: PodAffinityTerm) => [
    { weight, podAffinityTerm },
  ];
  const likes = (weight: number, of: PodAffinityTerm): Affinity => ({
    podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: prefer(weight, of) },
  });
  const dislikes = (weight: number, of: PodAffinityTerm): Affinity => ({
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: prefer(weight, of) },
  });
  const scores: readonly (readonly [readonly Pod[], Pod, object | null, object?])[] = [
    [[pod('db', {}, 'a')], pod('web'), null],
    [
      [pod('db', {}, 'a')],
      pod('web', likes(5, term(zone, 'db'))),
      { a: 100, b: 100, x: 0, bare: 0 },
    ],
    [
      [pod('db', {}, 'a')],
      pod('web', dislikes(5, term(zone, 'db'))),
      { a: 0, b: 0, x: 100, bare: 100 },
    ],
    // 2 for each of two pods of z1, 1 for one of z2.
    [
      [pod('db', {}, 'a'), pod('db', {}, 'b'), pod('db', {}, 'x')],
      pod('web', likes(2, term(zone, 'db'))),
      { a: 100, b: 100, x: 50, bare: 0 },
    ],
    // What pods that run prefer counts too, and their required affinity with the weight of the arguments.
    [[pod('db', likes(8, term(zone, 'web')), 'x')], pod('web'), { a: 0, b: 0, x: 100, bare: 0 }],
    [[pod('db', near(term(zone, 'web')), 'x')], pod('web'), { a: 0, b: 0, x: 100, bare: 0 }],
    [[pod('db', near(term(zone, 'web')), 'x')], pod('web'), null, { hardPodAffinityWeight: 0 }],
    [
      [pod('db', likes(8, term(zone, 'web')), 'x')],
      pod('web'),
      null,
      { ignorePreferredTermsOfExistingPods: true },
    ],
    [
      [pod('db', dislikes(3, term(zone, 'web')), 'x'), pod('db', likes(1, term(zone, 'web')), 'a')],
      pod('web'),
      { a: 100, b: 100, x: 0, bare: 75 },
    ],
  ];
  for (const [pods, incoming, expected, args] of scores) {
    const kit = await kitOf(t, {
      nodes,
      pods,
      plugins: ['InterPodAffinity'],
      args: { InterPodAffinity: args },
    });
    t.same(
      scored(kit, 'InterPodAffinity', incoming),
      expected,
      JSON.stringify([pods.map(({ spec }) => spec?.affinity), args]),
    );
  }
});

t.test('InterPodAffinity: pods are tried again for what can help them', async (t) => {
  const kit = await kitOf(t, { nodes, plugins: ['InterPodAffinity'] });
  const interests = kit.plugin('InterPodAffinity').eventsToRegister?.() ?? [];
  const hint = (
    waiting: Pod,
    resource: string,
    before: Pod | Node | null,
    after: Pod | Node | null,
  ) =>
    interests
      .find((each) => each.resource === resource)
      ?.hint?.(podInfoOf(waiting), {
        ...{ resource: resource as 'Node', action: 'update', before, after },
      });
  const wanting = pod('web', near(term(zone, 'db')));
  const fleeing = pod('web', away(term(zone, 'db')));
  const [db, cache] = [pod('db', {}, 'a'), pod('cache', {}, 'a')];
  t.equal(hint(wanting, 'AssignedPod', null, db), 'queue');
  t.equal(hint(wanting, 'AssignedPod', null, cache), 'skip');
  t.equal(hint(wanting, 'AssignedPod', cache, db), 'queue');
  t.equal(hint(fleeing, 'AssignedPod', null, db), 'skip');
  t.equal(hint(fleeing, 'AssignedPod', db, null), 'queue');
  t.equal(hint(fleeing, 'AssignedPod', db, cache), 'queue');
  t.equal(hint(pod('web'), 'AssignedPod', pod('db', away(term(zone, 'web')), 'a'), null), 'queue');
  t.equal(hint(pod('web'), 'AssignedPod', cache, null), 'skip');
  t.equal(hint(wanting, 'Node', null, inZone('n', 'z3')), 'queue');
  t.equal(hint(wanting, 'Node', null, nodeOf('n')), 'skip');
  t.equal(hint(wanting, 'Node', inZone('n', 'z3'), inZone('n', 'z3')), 'skip');
  t.equal(hint(wanting, 'Node', nodeOf('n'), inZone('n', 'z3')), 'queue');
});
