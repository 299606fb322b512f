import t from 'tap';
import type {
  Node,
  Pod,
  TopologySpreadConstraint,
} from '../../../../src/control/api/gen/core-v1.js';
import { labelSelectorOf } from '../../../../src/control/machinery/label-selector.js';
import { compare, type DumbCluster, type DumbPlugin } from './random-comparison.js';

const uneven = "node(s) didn't match pod topology spread constraints";
const hostname = 'kubernetes.io/hostname';

function ofAction(pod: Pod, action: string): readonly TopologySpreadConstraint[] {
  return (pod.spec?.topologySpreadConstraints ?? []).filter(
    (each) => each.whenUnsatisfiable === action,
  );
}

function selects(pod: Pod, constraint: TopologySpreadConstraint, other: Pod): boolean {
  const { labels } = other.metadata;
  const keys = (constraint.matchLabelKeys ?? []).filter(
    (key) => pod.metadata.labels?.[key] !== undefined,
  );
  return (
    labelSelectorOf(constraint.labelSelector).matches(labels) &&
    keys.every((key) => labels?.[key] === pod.metadata.labels?.[key])
  );
}

const has = (node: Node, constraints: readonly TopologySpreadConstraint[]) =>
  constraints.every(({ topologyKey = '' }) => node.metadata.labels?.[topologyKey] !== undefined);

function isIncluded(
  pod: Pod,
  { nodeAffinityPolicy, nodeTaintsPolicy }: TopologySpreadConstraint,
  node: Node,
): boolean {
  const isChosen = Object.entries(pod.spec?.nodeSelector ?? {}).every(
    ([key, value]) => node.metadata.labels?.[key] === value,
  );
  const isTolerated = node.spec?.taints === undefined || pod.spec?.tolerations !== undefined;
  return (
    (nodeAffinityPolicy === 'Ignore' || isChosen) && (nodeTaintsPolicy !== 'Honor' || isTolerated)
  );
}

/** Pods on nodes that count, by the constraint's topology. */
function countsOf(
  { nodes }: DumbCluster,
  pod: Pod,
  constraint: TopologySpreadConstraint,
  all: readonly TopologySpreadConstraint[],
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { node, pods } of nodes) {
    if (!has(node, all) || !isIncluded(pod, constraint, node)) continue;
    const value = node.metadata.labels?.[constraint.topologyKey ?? ''] ?? '';
    counts.set(value, (counts.get(value) ?? 0) + matching(pods, pod, constraint));
  }
  return counts;
}

function matching(pods: readonly Pod[], pod: Pod, constraint: TopologySpreadConstraint): number {
  return pods.filter(
    (other) =>
      other.metadata.namespace === pod.metadata.namespace &&
      other.metadata.deletionTimestamp === undefined &&
      selects(pod, constraint, other),
  ).length;
}

const dumb: DumbPlugin = {
  name: 'PodTopologySpread',
  about: 'spread',
  filter(cluster, pod, node) {
    const constraints = ofAction(pod, 'DoNotSchedule');
    for (const constraint of constraints) {
      const value = node.metadata.labels?.[constraint.topologyKey ?? ''];
      if (value === undefined) return `${uneven} (missing required label)`;
      const counts = countsOf(cluster, pod, constraint, constraints);
      const least = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
      const self = selects(pod, constraint, pod) ? 1 : 0;
      if ((counts.get(value) ?? 0) + self - least > (constraint.maxSkew ?? 1)) return uneven;
    }
    return '';
  },
  scores(cluster, pod, nodes) {
    const constraints = ofAction(pod, 'ScheduleAnyway');
    if (constraints.length === 0) return nodes.map(() => 0);
    const scored = nodes.filter((node) => has(node, constraints));
    const raw = nodes.map((node) => {
      if (!has(node, constraints)) return null;
      let score = 0;
      for (const constraint of constraints) {
        const { topologyKey = '', maxSkew = 1 } = constraint;
        const value = node.metadata.labels?.[topologyKey] ?? '';
        const isHost = topologyKey === hostname;
        const domains = new Set(scored.map(({ metadata }) => metadata.labels?.[topologyKey]));
        const here = cluster.nodes.find((each) => each.node === node)?.pods ?? [];
        const count = isHost
          ? matching(here, pod, constraint)
          : (countsOf(cluster, pod, constraint, constraints).get(value) ?? 0);
        const size = isHost ? scored.length : domains.size;
        score += count * Math.log(size + 2) + maxSkew - 1;
      }
      return Math.round(score);
    });
    const known = raw.filter((score) => score !== null);
    const [least, most] = [Math.min(...known), Math.max(0, ...known)];
    return raw.map((score) => {
      if (score === null) return 0;
      return most === 0 ? 100 : Math.floor((100 * (most + least - score)) / most);
    });
  },
};

t.test('PodTopologySpread: counts by what has changed say what counting everything says', (t) =>
  compare(t as unknown as typeof import('tap').default, dumb, [1, 2, 3, 4, 5, 6]),
);
