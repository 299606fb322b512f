import type { AffinityTerm, NodeInfo, PodInfo } from '../../framework/node-info.js';
import type { NodeList, Plugin } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { CycleSlot } from '../cycle-slot.js';
import { RecentlyUsed } from '../recently-used.js';
import { unresolvable, unschedulable } from '../statuses.js';
import { affinityArgs } from './affinity-args.js';
import { affinityEvents } from './affinity-events.js';
import { AffinityFilterState } from './affinity-filter-state.js';
import { AffinityScore, spanScores, type TopologyScore } from './affinity-score.js';
import { MatchingPods, type TopologyCounts } from './matching-pods.js';
import { namespaceLabels } from './namespace-labels.js';
import { PairCounts } from './pair-counts.js';
import { requiredAntiAffinityTerms, scoredTerms, TermIndex } from './term-index.js';
import { termMatches, termText } from './term-matching.js';

const name = 'InterPodAffinity';
const farFromWanted = unresolvable("node(s) didn't match pod affinity rules");
const nearUnwanted = unschedulable("node(s) didn't match pod anti-affinity rules");
const repelled = unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");
/** Matching pods are kept counted for so many nodes altogether: some 20 bytes for each, and set of terms. */
const countedNodesMax = 1_000_000;

/** Places pods near the pods that their affinity names, and away from those that anti-affinity names, theirs or the others'. */
export function interPodAffinity(args: unknown, handle: SchedulerHandle): Plugin {
  const { hardPodAffinityWeight, ignorePreferredTermsOfExistingPods } = affinityArgs(args);
  const namespaces = namespaceLabels(handle.informers);
  const repellingTerms = new TermIndex(requiredAntiAffinityTerms);
  const scoringTerms = new TermIndex(scoredTerms(hardPodAffinityWeight));
  const matchingPods = new RecentlyUsed<MatchingPods>();
  const filterSlot = new CycleSlot<AffinityFilterState>(`PreFilter${name}`);
  const scoreSlot = new CycleSlot<AffinityScore>(`PreScore${name}`);

  /** Pods that all of the terms match, by topology. */
  function matching(terms: readonly AffinityTerm[], all: readonly NodeInfo[]) {
    const sizeMax = Math.floor(countedNodesMax / Math.max(1, all.length));
    const key = terms.map(termText).join('\n');
    const counts = matchingPods.get(key, sizeMax, () => new MatchingPods(terms, namespaces));
    counts.update(all);
    return counts.topologies;
  }

  function termsOfOthers(index: TermIndex, { pod }: PodInfo, all: readonly NodeInfo[]) {
    index.update(all);
    const found: TopologyCounts[] = [];
    for (const { term, weights } of index.groups) {
      if (weights.size === 0 || !termMatches(term, pod, namespaces)) continue;
      found.push({ topologyKey: term.topologyKey, counts: weights });
    }
    return found;
  }

  function scoresFor(pod: PodInfo, nodes: NodeList): TopologyScore[] {
    const { all } = nodes;
    const scores: TopologyScore[] = [];
    const add = (topologies: readonly TopologyCounts[], weight: number) => {
      for (const each of topologies) if (each.counts.size > 0) scores.push({ ...each, weight });
    };
    for (const term of pod.preferredAffinity) add(matching([term], all), term.weight);
    for (const term of pod.preferredAntiAffinity) add(matching([term], all), -term.weight);
    if (nodes.withAffinityPods.length > 0) add(termsOfOthers(scoringTerms, pod, all), 1);
    return scores;
  }

  return {
    name,
    eventsToRegister: () => affinityEvents(namespaces),
    preFilter(state, pod, nodes) {
      const { requiredAffinity, requiredAntiAffinity } = pod;
      const { all, withRequiredAntiAffinityPods } = nodes;
      const repelling =
        withRequiredAntiAffinityPods.length === 0 ? [] : termsOfOthers(repellingTerms, pod, all);
      const ownCount = requiredAffinity.length + requiredAntiAffinity.length;
      if (ownCount + repelling.length === 0) return 'skip';
      const counts = {
        repelling: PairCounts.of(repelling),
        wanted: PairCounts.of(requiredAffinity.length === 0 ? [] : matching(requiredAffinity, all)),
        unwanted: PairCounts.of(requiredAntiAffinity.flatMap((term) => matching([term], all))),
      };
      filterSlot.write(state, new AffinityFilterState(pod, counts, namespaces));
      return null;
    },
    addPod(state, _, added, node) {
      filterSlot.read(state).suppose(added, node, 1);
      return null;
    },
    removePod(state, _, removed, node) {
      filterSlot.read(state).suppose(removed, node, -1);
      return null;
    },
    filter(state, _, { node }) {
      const affinity = filterSlot.read(state);
      if (!affinity.isNearWanted(node)) return farFromWanted;
      if (affinity.isNearUnwanted(node)) return nearUnwanted;
      return affinity.isRepelled(node) ? repelled : null;
    },
    preScore(state, pod) {
      const isOwn = pod.preferredAffinity.length + pod.preferredAntiAffinity.length > 0;
      if (!isOwn && ignorePreferredTermsOfExistingPods) return 'skip';
      const scores = scoresFor(pod, handle.snapshot());
      if (scores.length === 0) return 'skip';
      scoreSlot.write(state, new AffinityScore(scores));
      return null;
    },
    score: (state, _, node) => scoreSlot.read(state).score(node),
    normalizeScores: (_state, _pod, _nodes, scores) => spanScores(scores),
  };
}
