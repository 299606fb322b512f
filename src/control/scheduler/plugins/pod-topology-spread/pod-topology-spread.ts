import type { Pod } from '../../../api/gen/core-v1.js';
import { labelOf } from '../../../machinery/labels.js';
import type { PodInfo } from '../../framework/node-info.js';
import type { NodeList, Plugin } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { CycleSlot } from '../cycle-slot.js';
import { PerTemplate } from '../per-template.js';
import { RecentlyUsed } from '../recently-used.js';
import { unresolvable, unschedulable } from '../statuses.js';
import { defaultSelectors } from './default-selector.js';
import { spreadArgs } from './spread-args.js';
import { SpreadCounts } from './spread-counts.js';
import { spreadEvents } from './spread-events.js';
import { SpreadFilterState } from './spread-filter-state.js';
import { type SpreadQuery, spreadConstraintsOf, spreadQueryOf } from './spread-query.js';
import { SpreadScore } from './spread-score.js';

const name = 'PodTopologySpread';
const tooUneven = unschedulable("node(s) didn't match pod topology spread constraints");
const noLabel = unresolvable(
  "node(s) didn't match pod topology spread constraints (missing required label)",
);
/** Counts are kept for so many nodes altogether: some 16 bytes for each, constraint and query. */
const countedNodesMax = 1_000_000;

/** What a template's pods say themselves. */
interface OwnQueries {
  readonly hard: SpreadQuery | null;
  readonly soft: SpreadQuery | null;
}

/** Spreads pods over domains of nodes, by their own constraints or by default ones. */
export function podTopologySpread(args: unknown, handle: SchedulerHandle): Plugin {
  const { defaultConstraints, isSystemDefaulted } = spreadArgs(args);
  const isDefaulted = (action: string) =>
    defaultConstraints.some(({ whenUnsatisfiable }) => whenUnsatisfiable === action);
  const isHardDefaulted = isDefaulted('DoNotSchedule');
  const isSoftDefaulted = isDefaulted('ScheduleAnyway');
  const selectorFor = defaultConstraints.length > 0 ? defaultSelectors(handle.informers) : null;
  const own = new PerTemplate(ownQueries);
  const known = new RecentlyUsed<SpreadCounts>();
  const filterSlot = new CycleSlot<SpreadFilterState>(`PreFilter${name}`);
  const scoreSlot = new CycleSlot<SpreadScore>(`PreScore${name}`);

  function defaultQuery(pod: Pod, action: 'DoNotSchedule' | 'ScheduleAnyway'): SpreadQuery | null {
    const selector = selectorFor?.(pod);
    if (selector === undefined || selector.isEverything) return null;
    const constraints = spreadConstraintsOf(pod, defaultConstraints, action, selector);
    return spreadQueryOf(pod, constraints, action === 'DoNotSchedule' || !isSystemDefaulted);
  }

  function hardQuery(pod: PodInfo): SpreadQuery | null {
    if (hasOwn(pod)) return own.of(pod).hard;
    return isHardDefaulted ? defaultQuery(pod.pod, 'DoNotSchedule') : null;
  }

  function softQuery(pod: PodInfo): SpreadQuery | null {
    if (hasOwn(pod)) return own.of(pod).soft;
    return isSoftDefaulted ? defaultQuery(pod.pod, 'ScheduleAnyway') : null;
  }

  function countsOf(query: SpreadQuery, { all }: Pick<NodeList, 'all'>): SpreadCounts {
    const sizeMax = Math.floor(countedNodesMax / Math.max(1, all.length));
    const counts = known.get(query.key, sizeMax, () => new SpreadCounts(query));
    counts.update(all);
    return counts;
  }

  return {
    name,
    eventsToRegister: () => spreadEvents(hardQuery),
    preFilter(state, pod, nodes) {
      const query = hardQuery(pod);
      if (query === null) return 'skip';
      filterSlot.write(state, new SpreadFilterState(countsOf(query, nodes), query));
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
      const spread = filterSlot.read(state);
      const { constraints } = spread.query;
      const { labels } = node.metadata;
      for (let index = 0; index < constraints.length; index++) {
        const constraint = constraints[index] as (typeof constraints)[number];
        const domain = labelOf(labels, constraint.topologyKey);
        if (domain === undefined) return noLabel;
        if (spread.skew(index, constraint, domain) > constraint.maxSkew) return tooUneven;
      }
      return null;
    },
    preScore(state, pod, nodes) {
      const query = softQuery(pod);
      if (query === null) return 'skip';
      scoreSlot.write(state, new SpreadScore(countsOf(query, handle.snapshot()), query, nodes));
      return null;
    },
    score: (state, _, node) => scoreSlot.read(state).score(node),
    normalizeScores: (state, _, nodes, scores) => scoreSlot.read(state).normalize(nodes, scores),
  };
}

function hasOwn({ pod }: PodInfo): boolean {
  return (pod.spec?.topologySpreadConstraints?.length ?? 0) > 0;
}

function ownQueries({ pod }: PodInfo): OwnQueries {
  const constraints = pod.spec?.topologySpreadConstraints ?? [];
  const query = (action: 'DoNotSchedule' | 'ScheduleAnyway') =>
    spreadQueryOf(pod, spreadConstraintsOf(pod, constraints, action), true);
  return { hard: query('DoNotSchedule'), soft: query('ScheduleAnyway') };
}
