import t from 'tap';
import { sleep } from '../../../../src/base/clock.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { parseConfiguration } from '../../../../src/control/scheduler/config/parse-configuration.js';
import type { ExtenderPostOf } from '../../../../src/control/scheduler/index.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { nodeOf, podOf } from '../objects.js';
import { type Rig, startRig } from '../rig.js';

const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';

/** What was asked, as Go writes it. */
interface Asked {
  readonly url: string;
  readonly body: {
    readonly Pod?: Pod;
    readonly Nodes?: { readonly items: readonly { metadata: { name: string } }[] } | null;
    readonly NodeNames?: readonly string[] | null;
    readonly NodeNameToVictims?: Readonly<Record<string, { readonly Pods: readonly Pod[] }>> | null;
    readonly NodeNameToMetaVictims?: Readonly<
      Record<string, { readonly Pods: readonly { readonly UID: string }[] }>
    > | null;
    readonly Node?: string;
  };
}

type Answers = (asked: Asked) => unknown;

function startExtended(
  clock: ManualClock,
  extenders: string,
  answer: Answers,
): { readonly rig: Rig; readonly asked: readonly Asked[] } {
  const asked: Asked[] = [];
  const extenderPostOf: ExtenderPostOf =
    () =>
    async ({ url, body }) => {
      const question: Asked = { url, body: JSON.parse(Buffer.from(body).toString()) };
      asked.push(question);
      const given = await answer(question);
      if (typeof given === 'number') return { status: given, body: Buffer.from('') };
      return { status: 200, body: Buffer.from(JSON.stringify(given)) };
    };
  const configuration = parseConfiguration(`${head}extenders:\n${extenders}`);
  return { rig: startRig(clock, { configuration, extenderPostOf }), asked };
}

const namesOf = ({ body }: Asked) =>
  body.NodeNames ?? body.Nodes?.items.map(({ metadata }) => metadata.name) ?? [];
const nodeOfPod = ({ api }: Rig, name: string) =>
  api.objects<Pod>('pods').get(`default/${name}`)?.spec?.nodeName ?? '';

t.test(
  'Scheduler asks an extender that knows no nodes with the nodes, and takes what it leaves',
  async (t) => {
    const clock = new ManualClock();
    const { rig, asked } = startExtended(
      clock,
      '- { urlPrefix: http://x/, filterVerb: filter }',
      ({ body }) => ({
        // Fields in any case.
        nodes: { items: body.Nodes?.items.filter(({ metadata }) => metadata.name === 'b') },
        failedNodes: { a: 'not this one' },
      }),
    );
    for (const name of ['a', 'b', 'c']) rig.api.put('nodes', nodeOf(name));
    rig.api.put('pods', podOf('pod'));
    await clock.advance(1000);
    t.equal(nodeOfPod(rig, 'pod'), 'b');
    t.equal(asked[0]?.url, 'http://x/filter');
    t.same([...namesOf(asked[0] as Asked)].sort(), ['a', 'b', 'c']);
    t.equal(asked[0]?.body.Pod?.metadata.name, 'pod');
    t.equal(asked[0]?.body.NodeNames, null);
    await rig.stop();
  },
);

t.test('Scheduler adds the scores of extenders, ten times their weight', async (t) => {
  const clock = new ManualClock();
  const extender = (url: string, weight: number) =>
    `- { urlPrefix: ${url}, prioritizeVerb: score, weight: ${weight}, nodeCacheCapable: true }`;
  const { rig, asked } = startExtended(
    clock,
    `${extender('http://x', 1)}\n${extender('http://y', 200)}\n${extender('http://z', 1000)}`,
    ({ url, body }) => {
      if (url.startsWith('http://z')) return 500;
      const best = url.startsWith('http://x') ? 'a' : 'c';
      return body.NodeNames?.map((Host) => ({ Host, Score: Host === best ? 10 : 0 }));
    },
  );
  for (const name of ['a', 'b', 'c']) rig.api.put('nodes', nodeOf(name));
  rig.api.put('pods', podOf('pod'));
  await clock.advance(1000);
  t.equal(nodeOfPod(rig, 'pod'), 'c', 'who fails to give scores is left out');
  t.same([...namesOf(asked[0] as Asked)].sort(), ['a', 'b', 'c']);
  t.equal(asked[0]?.body.Nodes, null);
  await rig.stop();
});

t.test('Scheduler tells why extenders refused, and tries again on any change', async (t) => {
  const clock = new ManualClock();
  let isOpen = false;
  const { rig } = startExtended(
    clock,
    '- { urlPrefix: http://x, filterVerb: filter, nodeCacheCapable: true }',
    ({ body }) =>
      isOpen
        ? { NodeNames: body.NodeNames }
        : {
            NodeNames: [],
            FailedNodes: { a: 'closed', b: 'closed' },
            FailedAndUnresolvableNodes: { b: 'closed for good' },
          },
  );
  for (const name of ['a', 'b', 'c']) rig.api.put('nodes', nodeOf(name));
  rig.api.put('pods', podOf('pod'));
  await clock.advance(1000);
  t.equal(nodeOfPod(rig, 'pod'), '');
  t.match(
    rig.events[0],
    /^Warning FailedScheduling default\/pod: 0\/3 nodes are available: 1 closed, 1 closed for good\. /,
  );
  isOpen = true;
  rig.api.put('namespaces', { metadata: { name: 'anything' } });
  await clock.advance(20_000);
  t.not(nodeOfPod(rig, 'pod'), '');
  await rig.stop();
});

const failures: readonly (readonly [what: string, answer: unknown, text: string])[] = [
  ['a status that is not 200', 503, 'failed filter with extender at URL http://x/filter, code 503'],
  ['an error', { Error: 'the cat ate it' }, 'the cat ate it'],
  [
    'a node that was not asked about',
    { NodeNames: ['z'] },
    'extender "http://x" claims a filtered node "z" which is not found in the input node list',
  ],
];

for (const [what, answer, text] of failures)
  t.test(`Scheduler: ${what} fails the cycle, unless the extender may be left out`, async (t) => {
    for (const ignorable of [false, true]) {
      const clock = new ManualClock();
      const { rig } = startExtended(
        clock,
        `- { urlPrefix: http://x, filterVerb: filter, nodeCacheCapable: true, ignorable: ${ignorable} }`,
        () => answer,
      );
      rig.api.put('nodes', nodeOf('a'));
      rig.api.put('pods', podOf('pod'));
      await clock.advance(500);
      t.equal(nodeOfPod(rig, 'pod'), ignorable ? 'a' : '');
      if (!ignorable) {
        t.equal(rig.events[0], `Warning FailedScheduling default/pod: ${text}`);
        const pod = rig.api.objects<Pod>('pods').get('default/pod');
        t.match(pod?.status?.conditions, [{ type: 'PodScheduled', reason: 'SchedulerError' }]);
      }
      await rig.stop();
    }
  });

t.test(
  'Scheduler asks extenders with managed resources for pods that have one alone',
  async (t) => {
    const clock = new ManualClock();
    const { rig, asked } = startExtended(
      clock,
      `- urlPrefix: http://x
  filterVerb: filter
  bindVerb: bind
  nodeCacheCapable: true
  managedResources: [{ name: example.com/gpu, ignoredByScheduler: true }]`,
      ({ url, body }) => {
        if (url.endsWith('/filter')) return { NodeNames: body.NodeNames };
        const { PodName, Node } = body as unknown as { PodName: string; Node: string };
        const pod = rig.api.objects<Pod>('pods').get(`default/${PodName}`) as Pod;
        rig.api.put('pods', { ...pod, spec: { ...pod.spec, nodeName: Node } } as Pod);
        return {};
      },
    );
    rig.api.put('nodes', nodeOf('a'));
    rig.api.put('pods', podOf('plain'));
    rig.api.put('pods', podOf('gpu', { requests: { cpu: '1', 'example.com/gpu': '2' } }));
    await clock.advance(1000);
    t.equal(nodeOfPod(rig, 'plain'), 'a');
    t.equal(nodeOfPod(rig, 'gpu'), 'a', 'the node has none: the scheduler does not count it');
    t.same(
      asked.map(({ url, body }) => [url, body.Pod?.metadata.name ?? body.Node]),
      [
        ['http://x/filter', 'gpu'],
        ['http://x/bind', 'a'],
      ],
    );
    await rig.stop();
  },
);

t.test('Scheduler: a binding that the extender refuses is tried again', async (t) => {
  const clock = new ManualClock();
  let refusals = 0;
  const { rig } = startExtended(clock, '- { urlPrefix: http://x, bindVerb: bind }', ({ body }) => {
    if (refusals++ < 1) return { Error: 'not now' };
    const pod = rig.api.objects<Pod>('pods').get('default/pod') as Pod;
    rig.api.put('pods', { ...pod, spec: { ...pod.spec, nodeName: body.Node } } as Pod);
    return {};
  });
  rig.api.put('nodes', nodeOf('a'));
  rig.api.put('pods', podOf('pod'));
  await clock.advance(500);
  t.equal(rig.events[0], 'Warning FailedScheduling default/pod: not now');
  await clock.advance(20_000);
  t.equal(nodeOfPod(rig, 'pod'), 'a');
  t.equal(refusals, 2);
  await rig.stop();
});

for (const knowsNodes of [false, true])
  t.test(
    `Scheduler lets extenders strike out victims (nodeCacheCapable: ${knowsNodes})`,
    async (t) => {
      const clock = new ManualClock();
      const { rig, asked } = startExtended(
        clock,
        `- { urlPrefix: http://x, preemptVerb: preempt, nodeCacheCapable: ${knowsNodes} }`,
        ({ body }) => {
          const victims = body.NodeNameToMetaVictims ?? body.NodeNameToVictims ?? {};
          const { b } = victims as Record<
            string,
            { Pods: { UID?: string; metadata?: { uid: string } }[] }
          >;
          const Pods = b?.Pods.map(({ UID, metadata }) => ({ UID: UID ?? metadata?.uid }));
          return { NodeNameToMetaVictims: { b: { Pods, NumPDBViolations: 0 } } };
        },
      );
      for (const name of ['a', 'b']) {
        rig.api.put('nodes', nodeOf(name, { allocatable: { cpu: '1' } }));
        // The one on a is of less priority: without the extender it is the one that goes.
        const priority = name === 'a' ? 1 : 2;
        const filler = podOf(`on-${name}`, { requests: { cpu: '1' }, priority, nodeName: name });
        rig.api.put('pods', { ...filler, status: { phase: 'Running' } } as Pod);
      }
      await clock.advance(100);
      rig.api.put('pods', podOf('urgent', { requests: { cpu: '1' }, priority: 10 }));
      await clock.advance(60_000);
      t.equal(nodeOfPod(rig, 'urgent'), 'b');
      t.ok(rig.api.objects('pods').has('default/on-a'));
      t.notOk(rig.api.objects('pods').has('default/on-b'));
      const { NodeNameToVictims, NodeNameToMetaVictims } = (asked[0] as Asked).body;
      t.same(Object.keys((knowsNodes ? NodeNameToMetaVictims : NodeNameToVictims) ?? {}).sort(), [
        'a',
        'b',
      ]);
      t.equal(knowsNodes ? NodeNameToVictims : NodeNameToMetaVictims, null);
      await rig.stop();
    },
  );

t.test('Scheduler: a node that goes while an extender is asked is not chosen', async (t) => {
  const clock = new ManualClock();
  const { rig } = startExtended(
    clock,
    '- { urlPrefix: http://x, filterVerb: filter, nodeCacheCapable: true }',
    async ({ body }) => {
      rig.api.remove('nodes', 'a');
      rig.api.put('nodes', nodeOf('b', { unschedulable: true }));
      await sleep(clock, 50);
      return { NodeNames: body.NodeNames };
    },
  );
  for (const name of ['a', 'b', 'c']) rig.api.put('nodes', nodeOf(name));
  await clock.advance(10);
  rig.api.put('pods', podOf('pod'));
  await clock.advance(1000);
  t.equal(nodeOfPod(rig, 'pod'), 'c');
  await rig.stop();
});

t.test('Scheduler: a pod that goes while an extender is asked is forgotten', async (t) => {
  const clock = new ManualClock();
  const { rig } = startExtended(
    clock,
    '- { urlPrefix: http://x, filterVerb: filter, nodeCacheCapable: true }',
    async ({ body }) => {
      if (body.Pod?.metadata.name === 'short') rig.api.remove('pods', 'default/short');
      await sleep(clock, 50);
      return { NodeNames: body.NodeNames };
    },
  );
  rig.api.put('nodes', nodeOf('a'));
  await clock.advance(10);
  rig.api.put('pods', podOf('short'));
  rig.api.put('pods', podOf('long'));
  await clock.advance(1000);
  t.equal(nodeOfPod(rig, 'long'), 'a');
  t.same(rig.events, ['Normal Scheduled default/long: Successfully assigned default/long to a']);
  t.match(rig.scheduler.sizes, { active: 0, backoff: 0, unschedulable: 0, assumedPods: 0 });
  await rig.stop();
});
