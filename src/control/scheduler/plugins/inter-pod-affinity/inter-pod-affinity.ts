import type { Plugin } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { CycleSlot } from '../cycle-slot.js';
import { unresolvable, unschedulable } from '../statuses.js';
import { affinityArgs } from './affinity-args.js';
import { AffinityCounter } from './affinity-counter.js';
import { affinityEvents } from './affinity-events.js';
import { AffinityFilterState } from './affinity-filter-state.js';
import { AffinityScore, spanScores } from './affinity-score.js';
import { namespaceLabels } from './namespace-labels.js';

const name = 'InterPodAffinity';
const farFromWanted = unresolvable("node(s) didn't match pod affinity rules");
const nearUnwanted = unschedulable("node(s) didn't match pod anti-affinity rules");
const repelled = unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");

/** Places pods near the pods that their affinity names, and away from those that anti-affinity names, theirs or the others'. */
export function interPodAffinity(args: unknown, handle: SchedulerHandle): Plugin {
  const { hardPodAffinityWeight, ignorePreferredTermsOfExistingPods } = affinityArgs(args);
  const namespaces = namespaceLabels(handle.informers);
  const counter = new AffinityCounter(namespaces, hardPodAffinityWeight);
  const filterSlot = new CycleSlot<AffinityFilterState>(`PreFilter${name}`);
  const scoreSlot = new CycleSlot<AffinityScore>(`PreScore${name}`);
  return {
    name,
    eventsToRegister: () => affinityEvents(namespaces),
    preFilter(state, pod, nodes) {
      const counts = counter.countsFor(pod, nodes);
      if (counts === null) return 'skip';
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
      const scores = counter.scoresFor(pod, handle.snapshot());
      if (scores.length === 0) return 'skip';
      scoreSlot.write(state, new AffinityScore(scores));
      return null;
    },
    score: (state, _, node) => scoreSlot.read(state).score(node),
    normalizeScores: (_state, _pod, _nodes, scores) => spanScores(scores),
  };
}
