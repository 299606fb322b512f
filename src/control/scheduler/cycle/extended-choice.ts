import type { Extenders } from '../extenders/extenders.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { NodeList, PluginStatus } from '../framework/plugin.js';
import type { Profile } from '../runtime/profile.js';
import type { Choice, Found, NodeChooser } from './choose-node.js';
import type { SearchResult } from './node-search.js';
import { runFilters } from './run-filters.js';

/** What nodes are chosen with when extenders have a say. */
export interface ExtendedChoiceParts {
  readonly chooser: NodeChooser;
  readonly extenders: Extenders;
  readonly nodes: NodeList;
}

/**
 * Chooses as {@link NodeChooser} does, and asks extenders about the nodes that filters have found, and for their scores. Nodes change, and
 * go, while extenders are asked: those that did are looked at once more before one is chosen.
 */
export async function chooseWithExtenders(
  profile: Profile,
  pod: PodInfo,
  parts: ExtendedChoiceParts,
): Promise<Choice> {
  const promised = await chooseOnce(profile, pod, true, parts);
  // The extenders may refuse the node that was promised: then others are looked for.
  return promised ?? ((await chooseOnce(profile, pod, false, parts)) as Choice);
}

/** Null: a node that was promised cannot do. */
async function chooseOnce(
  profile: Profile,
  pod: PodInfo,
  usesPromise: boolean,
  { chooser, extenders, nodes }: ExtendedChoiceParts,
): Promise<Choice | null> {
  const found = chooser.find(profile, pod, usesPromise);
  if (found.kind !== 'found') return found;
  const { feasible } = found.search;
  const generations = new Map(feasible.map((node) => [node, node.generation]));
  const filtered = await extenders.filter(pod, feasible);
  if (filtered.kind === 'failed') return found.isPromised ? null : filtered;
  const { passed } = filtered;
  const scores = passed.length > 1 ? await extenders.prioritize(pod, passed) : undefined;
  const stale = new Map<NodeInfo, PluginStatus>();
  for (const node of passed) {
    const isThere = nodes.get(node.name) === node;
    const isSame = isThere && node.generation === generations.get(node);
    const status = isThere ? (isSame ? null : runFilters(profile, found.state, pod, node)) : gone;
    if (status !== null) stale.set(node, status);
  }
  const fresh = passed.filter((node) => !stale.has(node));
  const left = reduced(found, fresh, [...filtered.refused, ...stale]);
  if (fresh.length > 0) return chooser.settle(profile, pod, left, scores);
  return found.isPromised ? null : chooser.misfit(left);
}

/** It was deleted while it was asked about. */
const gone: PluginStatus = { code: 'unresolvable', reasons: ['node(s) were deleted'] };

/** What was found, less the nodes that others refuse. What was remembered of places does not hold any more. */
function reduced(
  found: Found,
  feasible: readonly NodeInfo[],
  refused: readonly (readonly [NodeInfo, PluginStatus])[],
): Found {
  const search: SearchResult = {
    ...{ feasible, places: [], memo: null },
    ...{ refused: found.search.refused.and(refused), failure: null },
  };
  return { ...found, search };
}
