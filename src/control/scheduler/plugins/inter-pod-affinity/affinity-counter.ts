import type { AffinityTerm, NodeInfo, PodInfo } from '../../framework/node-info.js';
import type { NodeList } from '../../framework/plugin.js';
import { RecentlyUsed } from '../recently-used.js';
import type { AffinityCounts } from './affinity-filter-state.js';
import type { TopologyScore } from './affinity-score.js';
import { MatchingPods, type TopologyCounts } from './matching-pods.js';
import type { NamespaceLabels } from './namespace-labels.js';
import { PairCounts } from './pair-counts.js';
import { requiredAntiAffinityTerms, scoredTerms, TermIndex } from './term-index.js';
import { termMatches, termText } from './term-matching.js';

/** Matching pods are kept counted for so many nodes altogether: some 20 bytes for each, and set of terms. */
const countedNodesMax = 1_000_000;

/** Counts, by topology, the pods that matter for the affinity of others, from cycle to cycle. */
export class AffinityCounter {
  readonly #namespaces: NamespaceLabels;
  readonly #repellingTerms = new TermIndex(requiredAntiAffinityTerms);
  readonly #scoringTerms: TermIndex;
  readonly #matchingPods = new RecentlyUsed<MatchingPods>();

  constructor(namespaces: NamespaceLabels, hardPodAffinityWeight: number) {
    this.#namespaces = namespaces;
    this.#scoringTerms = new TermIndex(scoredTerms(hardPodAffinityWeight));
  }

  /** What the filter asks; null when nothing about the pod does. */
  countsFor(pod: PodInfo, nodes: NodeList): AffinityCounts | null {
    const { requiredAffinity, requiredAntiAffinity } = pod;
    const { all } = nodes;
    const isRepelling = nodes.withRequiredAntiAffinityPods.length > 0;
    const repelling = isRepelling ? this.#termsAbout(pod, this.#repellingTerms, all) : [];
    if (requiredAffinity.length + requiredAntiAffinity.length + repelling.length === 0) return null;
    const wanted = requiredAffinity.length === 0 ? [] : this.#matching(requiredAffinity, all);
    const unwanted = requiredAntiAffinity.flatMap((term) => this.#matching([term], all));
    return {
      repelling: PairCounts.of(repelling),
      wanted: PairCounts.of(wanted),
      unwanted: PairCounts.of(unwanted),
    };
  }

  /** What nodes score by topology; empty when they all score the same. */
  scoresFor(pod: PodInfo, nodes: NodeList): readonly TopologyScore[] {
    const { all } = nodes;
    const scores: TopologyScore[] = [];
    const add = (topologies: readonly TopologyCounts[], weight: number) => {
      for (const each of topologies) if (each.counts.size > 0) scores.push({ ...each, weight });
    };
    for (const term of pod.preferredAffinity) add(this.#matching([term], all), term.weight);
    for (const term of pod.preferredAntiAffinity) add(this.#matching([term], all), -term.weight);
    if (nodes.withAffinityPods.length > 0) add(this.#termsAbout(pod, this.#scoringTerms, all), 1);
    return scores;
  }

  /** Pods that all of the terms match, by topology. */
  #matching(terms: readonly AffinityTerm[], all: readonly NodeInfo[]): readonly TopologyCounts[] {
    const sizeMax = Math.floor(countedNodesMax / Math.max(1, all.length));
    const key = terms.map(termText).join('\n');
    const make = () => new MatchingPods(terms, this.#namespaces);
    const counts = this.#matchingPods.get(key, sizeMax, make);
    counts.update(all);
    return counts.topologies;
  }

  /** Terms of other pods that match this one. */
  #termsAbout(
    { pod }: PodInfo,
    index: TermIndex,
    all: readonly NodeInfo[],
  ): readonly TopologyCounts[] {
    index.update(all);
    const found: TopologyCounts[] = [];
    for (const { term, weights } of index.groups) {
      if (weights.size === 0 || !termMatches(term, pod, this.#namespaces)) continue;
      found.push({ topologyKey: term.topologyKey, counts: weights });
    }
    return found;
  }
}
