import type tap from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { Node, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { CycleState } from '../../../../src/control/scheduler/framework/cycle-state.js';
import type { NodeInfo } from '../../../../src/control/scheduler/framework/node-info.js';
import { podInfoOf } from '../../../../src/control/scheduler/framework/pod-info.js';
import { type Kit, kitOf } from './kit.js';
import { chance, pick, randomNamespaces, randomNode, randomPod } from './random-cluster.js';

/** The cluster as a dumb version sees it. */
export interface DumbCluster {
  readonly nodes: readonly { readonly node: Node; readonly pods: readonly Pod[] }[];
  readonly namespaces: readonly {
    readonly metadata: { name: string; labels: Record<string, string> };
  }[];
}

/** A plugin done without any thought of speed. */
export interface DumbPlugin {
  readonly name: string;
  readonly about: 'affinity' | 'spread';
  readonly args?: unknown;
  /** The reason why a node is refused, '' when it is not. */
  filter(cluster: DumbCluster, pod: Pod, node: Node): string;
  /** The normalised scores of nodes. */
  scores(cluster: DumbCluster, pod: Pod, nodes: readonly Node[]): readonly number[];
}

/** Changes a random cluster step by step, and has a plugin and its dumb version say the same after each. A failure tells its seed. */
export async function compare(
  t: typeof tap,
  dumb: DumbPlugin,
  seeds: readonly number[],
): Promise<void> {
  for (const seed of seeds) {
    const prng = new Prng(seed);
    const namespaces = randomNamespaces(prng);
    const kit = await kitOf(t, {
      ...{ objects: { namespaces }, plugins: [dumb.name], args: { [dumb.name]: dumb.args } },
    });
    for (let step = 0; step < 120; step++) {
      change(prng, kit, dumb, step);
      const pod = randomPod(prng, `candidate-${step}`, dumb.about);
      if (!agrees(t, kit, dumb, { pod, prng, namespaces }, `seed ${seed}, step ${step}`)) return;
    }
  }
}

function change(prng: Prng, { cache }: Kit, { about }: DumbPlugin, step: number): void {
  const { all } = cache;
  if (all.length < 3 || chance(prng, 6)) {
    cache.setNode(randomNode(prng, `n${prng.int(0, 12)}`));
  } else if (chance(prng, 25)) {
    cache.removeNode(pick(prng, all).name);
  }
  const placed = cache.all.flatMap(({ pods }) => pods);
  if (placed.length > 0 && chance(prng, 3)) cache.removePod(pick(prng, placed).uid);
  const pod = randomPod(prng, `pod-${step}`, about);
  const nodeName = pick(prng, cache.all).name;
  cache.setPod(podInfoOf({ ...pod, spec: { ...pod.spec, nodeName } }));
}

function agrees(
  t: typeof tap,
  kit: Kit,
  dumb: DumbPlugin,
  { pod, prng, namespaces }: { pod: Pod; prng: Prng; namespaces: DumbCluster['namespaces'] },
  where: string,
): boolean {
  const { cache, profile } = kit;
  const plugin = kit.plugin(dumb.name);
  const info = podInfoOf(pod);
  const cluster = clusterOf(cache.all, namespaces);
  const state = new CycleState();
  const isSkipped = plugin.preFilter?.(state, info, cache) === 'skip';
  const reasonOf = (of: CycleState, node: NodeInfo) =>
    isSkipped ? '' : (plugin.filter?.(of, info, node)?.reasons.join() ?? '');
  const said = cache.all.map((node) => reasonOf(state, node));
  const expected = cluster.nodes.map(({ node }) => dumb.filter(cluster, pod, node));
  if (!t.same(said, expected, `filter, ${where}`)) return false;

  // What if: one pod goes, another comes, on one node.
  const node = pick(prng, cache.all);
  const gone = node.pods.length === 0 ? null : pick(prng, node.pods);
  const come = podInfoOf(randomPod(prng, 'supposed', dumb.about));
  if (!isSkipped && come.pod.metadata.deletionTimestamp === undefined) {
    const copy = kit.handle.mutableCopy(node);
    const supposed = state.clone();
    if (gone !== null && gone.pod.metadata.deletionTimestamp === undefined) {
      copy.remove(gone);
      profile.removePod(supposed, info, gone, copy);
    }
    copy.add(come);
    profile.addPod(supposed, info, come, copy);
    const others = cache.all.map((each) => (each === node ? copy : each));
    const then = clusterOf(others, namespaces);
    const supposedSaid = others.map((each) => reasonOf(supposed, each));
    const supposedExpected = then.nodes.map((each) => dumb.filter(then, pod, each.node));
    if (!t.same(supposedSaid, supposedExpected, `what if, ${where}`)) return false;
    if (
      !t.same(
        cache.all.map((each) => reasonOf(state, each)),
        said,
        `the state itself, ${where}`,
      )
    )
      return false;
  }

  const nodes = cache.all.filter(() => !chance(prng, 3));
  const answer = plugin.preScore?.(state, info, nodes);
  const scores = Float64Array.from(nodes, (each) =>
    answer === 'skip' ? 0 : (plugin.score?.(state, info, each) ?? 0),
  );
  if (answer !== 'skip') plugin.normalizeScores?.(state, info, nodes, scores);
  const dumbScores = dumb.scores(
    cluster,
    pod,
    nodes.map((each) => each.node),
  );
  return t.same([...scores], dumbScores, `scores, ${where}`) !== false;
}

function clusterOf(nodes: readonly NodeInfo[], namespaces: DumbCluster['namespaces']): DumbCluster {
  return {
    nodes: nodes.map(({ node, pods }) => ({ node, pods: pods.map(({ pod }) => pod) })),
    namespaces,
  };
}
