import t from 'tap';
import type {
  Node,
  Pod,
  PodAffinity,
  PodAffinityTerm,
} from '../../../../src/control/api/gen/core-v1.js';
import { labelSelectorOf } from '../../../../src/control/machinery/label-selector.js';
import { compare, type DumbCluster, type DumbPlugin } from './random-comparison.js';

const required = (affinity: PodAffinity | undefined) =>
  affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
const preferred = (affinity: PodAffinity | undefined) =>
  affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
const near = (pod: Pod) => pod.spec?.affinity?.podAffinity;
const away = (pod: Pod) => pod.spec?.affinity?.podAntiAffinity;

/** Whether a term of `owner` is about `pod`. */
function matches(
  { namespaces: all }: DumbCluster,
  owner: Pod,
  term: PodAffinityTerm,
  pod: Pod,
): boolean {
  const { namespaces = [], namespaceSelector } = term;
  const own =
    namespaces.length === 0 && namespaceSelector === undefined
      ? [owner.metadata.namespace]
      : namespaces;
  const { namespace } = pod.metadata;
  const labels = all.find(({ metadata }) => metadata.name === namespace)?.metadata.labels;
  const isIn =
    own.includes(namespace ?? '') ||
    (namespaceSelector !== undefined && labelSelectorOf(namespaceSelector).matches(labels));
  return isIn && labelSelectorOf(term.labelSelector).matches(pod.metadata.labels);
}

function isSame(a: Node, b: Node, { topologyKey = '' }: PodAffinityTerm): boolean {
  const value = a.metadata.labels?.[topologyKey];
  return value !== undefined && value === b.metadata.labels?.[topologyKey];
}

function* others({ nodes }: DumbCluster): Iterable<{ other: Pod; at: Node }> {
  for (const { node, pods } of nodes) for (const other of pods) yield { other, at: node };
}

const dumb = (hardPodAffinityWeight: number): DumbPlugin => ({
  name: 'InterPodAffinity',
  about: 'affinity',
  args: { hardPodAffinityWeight },
  filter(cluster, pod, node) {
    const terms = required(near(pod));
    const matchesAll = (other: Pod) => terms.every((term) => matches(cluster, pod, term, other));
    if (terms.some(({ topologyKey = '' }) => node.metadata.labels?.[topologyKey] === undefined))
      return "node(s) didn't match pod affinity rules";
    const friends =
      terms.length === 0 ? [] : [...others(cluster)].filter(({ other }) => matchesAll(other));
    if (!terms.every((term) => friends.some(({ at }) => isSame(at, node, term)))) {
      const isAnywhere = friends.some(({ at }) =>
        terms.some(({ topologyKey = '' }) => at.metadata.labels?.[topologyKey] !== undefined),
      );
      if (isAnywhere || !matchesAll(pod)) return "node(s) didn't match pod affinity rules";
    }
    for (const { other, at } of others(cluster))
      for (const term of required(away(pod)))
        if (matches(cluster, pod, term, other) && isSame(at, node, term))
          return "node(s) didn't match pod anti-affinity rules";
    for (const { other, at } of others(cluster))
      for (const term of required(away(other)))
        if (matches(cluster, other, term, pod) && isSame(at, node, term))
          return "node(s) didn't satisfy existing pods anti-affinity rules";
    return '';
  },
  scores(cluster, pod, nodes) {
    const raw = nodes.map((node) => {
      let score = 0;
      const count = (owner: Pod, term: PodAffinityTerm, about: Pod, at: Node, weight: number) => {
        if (matches(cluster, owner, term, about) && isSame(at, node, term)) score += weight;
      };
      for (const { other, at } of others(cluster)) {
        for (const { podAffinityTerm = {}, weight = 0 } of preferred(near(pod)))
          count(pod, podAffinityTerm, other, at, weight);
        for (const { podAffinityTerm = {}, weight = 0 } of preferred(away(pod)))
          count(pod, podAffinityTerm, other, at, -weight);
        for (const term of required(near(other)))
          count(other, term, pod, at, hardPodAffinityWeight);
        for (const { podAffinityTerm = {}, weight = 0 } of preferred(near(other)))
          count(other, podAffinityTerm, pod, at, weight);
        for (const { podAffinityTerm = {}, weight = 0 } of preferred(away(other)))
          count(other, podAffinityTerm, pod, at, -weight);
      }
      return score;
    });
    const [least, most] = [Math.min(...raw), Math.max(...raw)];
    return raw.map((score) =>
      most > least ? Math.trunc(100 * ((score - least) / (most - least))) : 0,
    );
  },
});

t.test(
  'InterPodAffinity: what is kept from cycle to cycle says what looking at everything says',
  async (t) => {
    const test = t as unknown as typeof import('tap').default;
    await compare(test, dumb(1), [1, 2, 3]);
    await compare(test, dumb(0), [4]);
    await compare(test, dumb(37), [5]);
  },
);
