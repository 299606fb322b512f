import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { Node, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { TemplateMemos } from '../../../../src/control/scheduler/cycle/template-memo.js';
import type { Locality } from '../../../../src/control/scheduler/framework/plugin.js';
import { podInfoOf } from '../../../../src/control/scheduler/framework/pod-info.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { MemoryApi } from '../memory-api.js';
import { nodeOf, podOf } from '../objects.js';
import { startRig } from '../rig.js';

const zone = 'topology.kubernetes.io/zone';

function randomPod(prng: Prng, name: string): Pod {
  const app = prng.pick(['a', 'b']);
  const labelSelector = { matchLabels: { app } };
  const spread = {
    maxSkew: 2,
    topologyKey: zone,
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector,
  };
  const term = { labelSelector, topologyKey: 'kubernetes.io/hostname' };
  const apart = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
  const kind = prng.int(0, 8);
  return podOf(name, {
    metadata: { labels: { app }, uid: `uid-${name}` },
    requests: { cpu: prng.pick(['200m', '700m']), memory: '100Mi' },
    priority: prng.pick([0, 0, 0, 50]),
    ...(kind === 0 ? { topologySpreadConstraints: [spread] } : {}),
    ...(kind === 1 ? { affinity: { podAntiAffinity: apart } } : {}),
    ...(kind === 2 ? { nodeSelector: { [zone]: 'b' } } : {}),
    ...(kind === 3 ? { tolerations: [{ key: 'only', operator: 'Exists' }] } : {}),
  });
}

/** Where a scheduler puts pods while nodes and pods change: a function of the seed and of whether it remembers. */
async function history(seed: number, remembers: boolean): Promise<readonly string[]> {
  const prng = new Prng(seed);
  const clock = new ManualClock();
  const api = new MemoryApi();
  const told: string[] = [];
  api.onBound = ({ metadata, spec }) => told.push(`${metadata.name} on ${spec?.nodeName}`);
  const node = (i: number): Node =>
    nodeOf(`node-${i}`, {
      labels: { [zone]: prng.pick(['a', 'b', 'c']) },
      allocatable: { cpu: '2', pods: '5' },
      ...(prng.chance(0.2) ? { taints: [{ key: 'only', effect: 'NoSchedule' }] } : {}),
      ...(prng.chance(0.2) ? { taints: [{ key: 'soft', effect: 'PreferNoSchedule' }] } : {}),
    });
  for (let i = 0; i < 12; i++) api.put('nodes', node(i));
  const rig = startRig(clock, { api, seed, remembers });
  await clock.advance(10);
  for (let step = 0; step < 45; step++) {
    const kind = prng.int(0, 10);
    if (kind < 6) for (let i = 0; i < 3; i++) api.put('pods', randomPod(prng, `pod-${step}-${i}`));
    else if (kind < 7) api.put('nodes', node(prng.int(0, 14)));
    else if (kind < 9) api.remove('pods', `default/pod-${prng.int(0, step + 1)}-${prng.int(0, 3)}`);
    else api.remove('nodes', `node-${prng.int(0, 14)}`);
    await clock.advance(prng.pick([0, 10, 1500]));
  }
  await clock.advance(20_000);
  const events = rig.events;
  await rig.stop();
  return [...told, ...events];
}

t.test('NodeChooser chooses the same with what it remembers of templates as without', async (t) => {
  for (let seed = 1; seed <= 3; seed++) {
    const plain = await history(seed, false);
    t.ok(plain.length > 40, `seed ${seed}: ${plain.length} lines`);
    t.same(await history(seed, true), plain, `seed ${seed}`);
  }
});

t.test('TemplateMemos shares among templates what looks at demands alone', (t) => {
  const a = podInfoOf(podOf('a', { metadata: { labels: { app: 'a' } } }));
  const b = podInfoOf(podOf('b', { metadata: { labels: { app: 'b' } } }));
  const larger = podInfoOf(podOf('c', { requests: { cpu: '2' } }));
  const filter = (filterLocality: Locality) => [{ name: 'Filter', filterLocality }];
  const score = (scoreLocality: Locality) => [{ name: 'Score', scoreLocality }];
  const nodes: readonly [] = [];
  const memos = new TemplateMemos(score('demand'));
  t.equal(memos.of(a, nodes, filter('demand')), memos.of(b, nodes, filter('demand')));
  t.not(memos.of(a, nodes, filter('demand')), memos.of(larger, nodes, filter('demand')));
  t.not(memos.of(a, nodes, filter('template')), memos.of(b, nodes, filter('template')));
  const byTemplate = new TemplateMemos(score('template'));
  t.not(byTemplate.of(a, nodes, filter('demand')), byTemplate.of(b, nodes, filter('demand')));
  t.end();
});
