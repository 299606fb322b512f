import { labelOf } from '../../../machinery/labels.js';
import type { NodeInfo } from '../../framework/node-info.js';
import type { Plugin, PluginStatus } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { CycleSlot } from '../cycle-slot.js';
import { RecentlyUsed } from '../recently-used.js';
import { unresolvable, unschedulable } from '../statuses.js';
import { spreadArgs } from './spread-args.js';
import { SpreadCounts } from './spread-counts.js';
import { spreadEvents } from './spread-events.js';
import { SpreadFilterState } from './spread-filter-state.js';
import { SpreadQueries } from './spread-queries.js';
import type { SpreadQuery } from './spread-query.js';
import { SpreadScore } from './spread-score.js';

const name = 'PodTopologySpread';
const tooUneven = unschedulable("node(s) didn't match pod topology spread constraints");
const noLabel = unresolvable(
  "node(s) didn't match pod topology spread constraints (missing required label)",
);
/** Counts are kept for so many nodes altogether: some 16 bytes for each, constraint and query. */
const countedNodesMax = 1_000_000;

/** Spreads pods over domains of nodes, by their own constraints or by default ones. */
export function podTopologySpread(args: unknown, handle: SchedulerHandle): Plugin {
  const queries = new SpreadQueries(spreadArgs(args), handle.informers);
  const known = new RecentlyUsed<SpreadCounts>();
  const filterSlot = new CycleSlot<SpreadFilterState>(`PreFilter${name}`);
  const scoreSlot = new CycleSlot<SpreadScore>(`PreScore${name}`);

  function countsOf(query: SpreadQuery, all: readonly NodeInfo[]): SpreadCounts {
    const sizeMax = Math.floor(countedNodesMax / Math.max(1, all.length));
    const counts = known.get(query.key, sizeMax, () => new SpreadCounts(query));
    counts.update(all);
    return counts;
  }

  return {
    name,
    eventsToRegister: () => spreadEvents((pod) => queries.of(pod, 'DoNotSchedule')),
    preFilter(state, pod, { all }) {
      const query = queries.of(pod, 'DoNotSchedule');
      if (query === null) return 'skip';
      filterSlot.write(state, new SpreadFilterState(countsOf(query, all), query));
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
    filter: (state, _, node) => refusal(filterSlot.read(state), node),
    preScore(state, pod, nodes) {
      const query = queries.of(pod, 'ScheduleAnyway');
      if (query === null) return 'skip';
      const counts = countsOf(query, handle.snapshot().all);
      scoreSlot.write(state, new SpreadScore(counts, query, nodes));
      return null;
    },
    score: (state, _, node) => scoreSlot.read(state).score(node),
    normalizeScores: (state, _, nodes, scores) => scoreSlot.read(state).normalize(nodes, scores),
  };
}

function refusal(spread: SpreadFilterState, { node }: NodeInfo): PluginStatus | null {
  const { constraints } = spread.query;
  const { labels } = node.metadata;
  for (let index = 0; index < constraints.length; index++) {
    const constraint = constraints[index] as (typeof constraints)[number];
    const domain = labelOf(labels, constraint.topologyKey);
    if (domain === undefined) return noLabel;
    if (spread.skew(index, constraint, domain) > constraint.maxSkew) return tooUneven;
  }
  return null;
}
