import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { Node, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { NodeOrder, zoneOf } from '../../../../src/control/scheduler/cache/node-order.js';
import { SchedulerCache } from '../../../../src/control/scheduler/cache/scheduler-cache.js';
import { NodeState } from '../../../../src/control/scheduler/framework/node-state.js';
import { podInfoOf } from '../../../../src/control/scheduler/framework/pod-info.js';
import { nodeOf, podOf } from '../objects.js';

const zone = 'topology.kubernetes.io/zone';

function randomPod(prng: Prng, name: string, nodeName: string): Pod {
  const term = { labelSelector: { matchLabels: { app: 'x' } }, topologyKey: zone };
  const terms = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
  const affinity = prng.pick([{}, {}, { podAffinity: terms }, { podAntiAffinity: terms }]);
  const requests: Record<string, string> = { cpu: `${prng.int(1, 500)}m`, memory: '1Mi' };
  if (prng.chance(0.3)) requests['example.com/gpu'] = '2';
  const pod = podOf(name, { requests, affinity, metadata: { uid: `uid-${name}` } });
  const ports = [{ containerPort: 80, hostPort: prng.int(8000, 8004) }];
  const [container] = pod.spec?.containers ?? [];
  const containers = [prng.chance(0.3) ? { ...container, ports } : { ...container }];
  return { ...pod, spec: { ...pod.spec, containers, nodeName } };
}

/** All of a node that changes with its pods, in an order that does not depend on how it came about. */
function summary(node: NodeState) {
  const names = (pods: readonly { key: string }[]) => pods.map(({ key }) => key).sort();
  const { requested, nonZeroRequestedMilliCpu, nonZeroRequestedMemoryBytes, usedPorts } = node;
  return {
    ...{ requested: { ...requested }, nonZeroRequestedMilliCpu, nonZeroRequestedMemoryBytes },
    scalars: [...(requested.scalars ?? [])].sort(),
    pods: names(node.pods),
    podsWithAffinity: names(node.podsWithAffinity),
    podsWithRequiredAntiAffinity: names(node.podsWithRequiredAntiAffinity),
    ports: [...usedPorts].map(([port, ips]) => [port, ...ips]).sort(),
  };
}

t.test('SchedulerCache is what counting everything anew gives, whatever comes and goes', (t) => {
  const seed = 7;
  const prng = new Prng(seed);
  const cache = new SchedulerCache();
  const nodes = new Map<string, Node>();
  const pods = new Map<string, { pod: Pod; isAssumed: boolean }>();
  const nodeName = () => `node-${prng.int(0, 6)}`;
  for (let step = 0; step < 800; step++) {
    const kind = prng.int(0, 100);
    const known = pods.size > 0 ? prng.pick([...pods.keys()]) : '';
    if (kind < 12) {
      const node = nodeOf(nodeName(), { labels: { [zone]: prng.pick(['a', 'b', 'c']) } });
      nodes.set(node.metadata.name ?? '', node);
      cache.setNode(node);
    } else if (kind < 17) {
      const name = nodeName();
      nodes.delete(name);
      cache.removeNode(name);
    } else if (kind < 50) {
      const pod = randomPod(prng, `pod-${step}`, nodeName());
      const isAssumed = prng.chance(0.5);
      pods.set(pod.metadata.uid ?? '', { pod, isAssumed });
      if (isAssumed) cache.assume(podInfoOf(pod), pod.spec?.nodeName ?? '');
      else cache.setPod(podInfoOf(pod));
    } else if (kind < 65 && known !== '') {
      // Shown by the API, perhaps on another node than was assumed.
      const name = pods.get(known)?.pod.metadata.name ?? '';
      const pod = randomPod(prng, name, nodeName());
      pods.set(known, { pod, isAssumed: false });
      cache.setPod(podInfoOf(pod));
    } else if (kind < 80 && known !== '') {
      if (pods.get(known)?.isAssumed === true) pods.delete(known);
      cache.forget(known);
    } else if (known !== '') {
      pods.delete(known);
      cache.removePod(known);
    }
    const expected = new Map([...nodes].map(([name, node]) => [name, new NodeState(node)]));
    for (const { pod } of pods.values())
      expected.get(pod.spec?.nodeName ?? '')?.add(podInfoOf(pod));
    const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).sort();
    const wanted = [...expected.values()];
    const context = `seed ${seed}, step ${step}`;
    if (cache.all.length !== wanted.length) t.fail(`${context}: ${cache.all.length} nodes`);
    if (step % 20 !== 0) continue;
    for (const node of wanted)
      t.same(summary(cache.get(node.name) as NodeState), summary(node), context);
    const withAffinity = wanted.filter((node) => node.podsWithAffinity.length > 0);
    t.same(names(cache.withAffinityPods), names(withAffinity), context);
    const withAnti = wanted.filter((node) => node.podsWithRequiredAntiAffinity.length > 0);
    t.same(names(cache.withRequiredAntiAffinityPods), names(withAnti), context);
    const assumed = [...pods.values()].filter(({ isAssumed }) => isAssumed).length;
    t.match(cache.sizes, { nodes: nodes.size, pods: pods.size, assumedPods: assumed }, context);
  }
  t.end();
});

t.test(
  'SchedulerCache gives a node another generation with each change, and never one twice',
  (t) => {
    const cache = new SchedulerCache();
    const seen = new Set<number>();
    const look = (isChanged: boolean) => {
      const { generation } = cache.get('n') as NodeState;
      t.equal(seen.has(generation), !isChanged);
      seen.add(generation);
    };
    cache.setNode(nodeOf('n'));
    look(true);
    look(false);
    const info = podInfoOf(podOf('a', { metadata: { uid: 'a' } }));
    cache.assume(info, 'n');
    look(true);
    cache.forget('a');
    look(true);
    cache.forget('a');
    look(false);
    cache.setNode(nodeOf('n', { unschedulable: true }));
    look(true);
    cache.removeNode('n');
    cache.setNode(nodeOf('n'));
    look(true);
    t.end();
  },
);

t.test('NodeOrder gives one node of each zone in turn', (t) => {
  const order = new NodeOrder();
  const states = new Map<string, NodeState>();
  const add = (name: string, labels: Record<string, string>) => {
    const node = nodeOf(name, { labels });
    const state = new NodeState(node);
    states.set(name, state);
    order.add(state, zoneOf(node));
  };
  const names = () => order.list().map(({ name }) => name);
  for (const name of ['a1', 'a2', 'a3']) add(name, { [zone]: 'a' });
  for (const name of ['b1', 'b2']) add(name, { [zone]: 'b' });
  add('none', {});
  t.same(names(), ['a1', 'b1', 'none', 'a2', 'b2', 'a3']);
  t.equal(order.list(), order.list(), 'the same list while nothing changes');
  order.remove(states.get('b1') as NodeState, ':b');
  t.same(names(), ['a1', 'b2', 'none', 'a2', 'a3']);
  t.throws(() => order.remove(states.get('b1') as NodeState, ':b'), /is not in zone/);
  t.end();
});

t.test('zoneOf joins region and zone, and knows the labels of old', (t) => {
  const rows: readonly (readonly [Record<string, string>, string])[] = [
    [{}, ''],
    [{ 'topology.kubernetes.io/region': 'r' }, 'r:'],
    [{ [zone]: 'z' }, ':z'],
    [{ 'topology.kubernetes.io/region': 'r', [zone]: 'z' }, 'r:z'],
    [{ 'failure-domain.beta.kubernetes.io/region': 'r', [zone]: 'z' }, 'r:z'],
    [{ 'failure-domain.beta.kubernetes.io/zone': 'old', [zone]: 'z' }, ':z'],
  ];
  for (const [labels, expected] of rows) t.equal(zoneOf(nodeOf('n', { labels })), expected);
  t.end();
});
