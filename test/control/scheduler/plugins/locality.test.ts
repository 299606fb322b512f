import t from 'tap';
import type { Node, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { nodeOf, podOf } from '../objects.js';
import { filtered, kitOf, scored } from './kit.js';

const mb = 2 ** 20;

function withImages(name: string, images: Readonly<Record<string, number>>): Node {
  const node = nodeOf(name);
  const list = Object.entries(images).map(([image, size]) => ({
    names: [image],
    sizeBytes: size * mb,
  }));
  return { ...node, status: { ...node.status, images: list } } as Node;
}

const running = (...images: string[]): Pod =>
  ({
    ...podOf('p'),
    spec: { containers: images.map((image, at) => ({ name: `c${at}`, image })) },
  }) as Pod;

t.test(
  'ImageLocality: nodes that have the images score higher, the less the more nodes have them',
  async (t) => {
    const nodes = [
      withImages('a', { 'gcr.io/40:latest': 40, 'gcr.io/300:latest': 300 }),
      withImages('b', { 'gcr.io/250:latest': 250 }),
      withImages('c', { 'gcr.io/4000:v1': 4000 }),
    ];
    const kit = await kitOf(t, { nodes, plugins: ['ImageLocality'] });
    const score = (...images: string[]) => scored(kit, 'ImageLocality', running(...images));
    // 100 * (250 / 3 - 23) / (2000 - 23), and 100 / 3 - 23 of the same, rounded down.
    t.same(score('gcr.io/40', 'gcr.io/250'), { a: 0, b: 3, c: 0 });
    t.same(score('gcr.io/40', 'gcr.io/300'), { a: 4, b: 0, c: 0 });
    t.same(score('gcr.io/4000:v1'), { a: 0, b: 0, c: 100 });
    t.equal(score('gcr.io/4000'), null, 'another tag is another image');
    t.equal(score('unknown'), null);
    const spread = await kitOf(t, {
      nodes: [...nodes, withImages('d', { 'gcr.io/300:latest': 300 })],
      plugins: ['ImageLocality'],
    });
    // Half of the nodes have it: 150 - 23 of 977.
    t.same(scored(spread, 'ImageLocality', running('gcr.io/300')), { a: 12, b: 0, c: 0, d: 12 });
  },
);

t.test('DataLocality: nodes with the data come first, then nodes near it', async (t) => {
  const nodes = [
    nodeOf('here', { labels: { zone: 'a' } }),
    nodeOf('near', { labels: { zone: 'a' } }),
    nodeOf('far', { labels: { zone: 'b' } }),
  ];
  const pod = (annotations: Record<string, string>) =>
    podOf('p', { metadata: { name: 'p', annotations } });
  const data = pod({
    'scheduling.flotilla.dev/data-nodes': 'gone, here',
    'scheduling.flotilla.dev/data-topology': 'zone=a',
  });
  const kit = await kitOf(t, { nodes, plugins: ['DataLocality'] });
  t.same(scored(kit, 'DataLocality', data), { here: 100, near: 50, far: 0 });
  t.equal(scored(kit, 'DataLocality', pod({})), null);
  t.same(filtered(kit, data), { here: 'ok', near: 'ok', far: 'ok' });
  const strict = await kitOf(t, {
    nodes,
    plugins: ['DataLocality'],
    args: { DataLocality: { isRequired: true, nearScore: 10 } },
  });
  t.same(filtered(strict, data), {
    here: 'ok',
    near: 'ok',
    far: "unresolvable: node(s) didn't have the pod's data near",
  });
  t.same(scored(strict, 'DataLocality', data), { here: 100, near: 10, far: 0 });
});

t.test('InterferenceAware: busy nodes are avoided, by what they measure', async (t) => {
  const measured = (name: string, cpu: string, time = '2026-01-02T03:04:00Z') => {
    const node = nodeOf(name, { allocatable: { cpu: '1000m', memory: '1Gi' } });
    const load = JSON.stringify({ cpu, memory: '1Mi', time });
    return {
      ...node,
      metadata: { ...node.metadata, annotations: { 'scheduling.flotilla.dev/load': load } },
    };
  };
  const broken = nodeOf('broken');
  broken.metadata.annotations = { 'scheduling.flotilla.dev/load': 'high' };
  const nodes = [
    ...[measured('idle', '0'), measured('half', '300m'), measured('busy', '850m')],
    ...[measured('old', '0', '2026-01-01T00:00:00Z'), nodeOf('unknown'), broken],
  ];
  const old = podOf('old-pod', {
    nodeName: 'half',
    requests: { cpu: '100m' },
    metadata: { name: 'old-pod', uid: 'o' },
  });
  const young = podOf('young-pod', {
    nodeName: 'half',
    requests: { cpu: '200m' },
    metadata: { name: 'young-pod', uid: 'y' },
  });
  const pods = [
    { ...old, status: { startTime: '2026-01-02T03:00:00Z' } },
    { ...young, status: { startTime: '2026-01-02T03:04:04Z' } },
  ];
  const args = {
    InterferenceAware: { source: 'annotation', maxUtilization: 90, targetUtilization: 80 },
  };
  const kit = await kitOf(t, { nodes, pods, plugins: ['InterferenceAware'], args });
  const pod = podOf('p', { requests: { cpu: '100m', memory: '1Mi' } });
  // 10 % with the pod; 300 measured, 200 of the pod that came since and 100 are 60 %; 95 %.
  t.same(scored(kit, 'InterferenceAware', pod), {
    idle: 87,
    half: 25,
    busy: 0,
    old: 50,
    unknown: 50,
    broken: 50,
  });
  const busy = 'unschedulable: node(s) were too busy, by their measured load';
  t.match(filtered(kit, pod), {
    idle: 'ok',
    half: 'ok',
    busy,
    old: 'ok',
    unknown: 'ok',
    broken: 'ok',
  });
});

t.test(
  'InterferenceAware: asks metrics.k8s.io behind, and does without while there is no answer',
  async (t) => {
    const kit = await kitOf(t, { nodes: [nodeOf('n')], plugins: ['InterferenceAware'] });
    const pod = podOf('p', { requests: { cpu: '400m', memory: '1Mi' } });
    let asked = 0;
    kit.api.carry = async (call) => {
      asked++;
      t.match(call.resource, { group: 'metrics.k8s.io', resource: 'nodes' });
      const usage = { cpu: '1200m', memory: '100Mi' };
      const items = [{ metadata: { name: 'n' }, timestamp: '2026-01-02T03:04:00Z', usage }];
      return new TextEncoder().encode(
        JSON.stringify({ metadata: { resourceVersion: '1' }, items }),
      );
    };
    t.same(scored(kit, 'InterferenceAware', pod), { n: 50 });
    await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
    // 1600 of 4000 millicores: 40 of 80 %.
    t.same(scored(kit, 'InterferenceAware', pod), { n: 50 });
    t.same(
      scored(kit, 'InterferenceAware', podOf('q', { requests: { cpu: '800m', memory: '1Mi' } })),
      { n: 37 },
    );
    t.equal(asked, 1);
  },
);
