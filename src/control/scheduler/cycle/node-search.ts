import type { CycleState } from '../framework/cycle-state.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { Plugin, PluginStatus } from '../framework/plugin.js';
import { isRefusal, withPlugin } from '../runtime/named-status.js';
import type { Profile } from '../runtime/profile.js';
import { RefusedNodes } from './refused-nodes.js';
import { runFilters } from './run-filters.js';
import { localPrefix, type TemplateMemo, type TemplateMemos } from './template-memo.js';

/** What a search has found. */
export interface SearchResult {
  /** Nodes that can do. */
  readonly feasible: readonly NodeInfo[];
  /** Their places in what was searched, when `memo` is there. */
  readonly places: readonly number[];
  readonly memo: TemplateMemo | null;
  /** Nodes that cannot, and why. */
  readonly refused: RefusedNodes;
  /** The first answer that is no refusal, but says that something went wrong; null: all went well. */
  readonly failure: PluginStatus | null;
}

/** What is searched for. */
export interface SearchRequest {
  readonly profile: Profile;
  readonly state: CycleState;
  readonly pod: PodInfo;
  readonly nodes: readonly NodeInfo[];
  /** Null: the nodes are but some of all. */
  readonly memos: TemplateMemos | null;
  /** The place where the search begins; it goes on at the front. */
  readonly start: number;
  /** It ends with so many nodes that can do. */
  readonly enough: number;
}

/** Asks the filters node by node until enough are found. Nothing is allocated for a node. */
export function searchNodes(request: SearchRequest): SearchResult {
  const { profile, state, pod, nodes, memos } = request;
  const filters = profile.activeFilters(state);
  const local = memos === null ? [] : localPrefix(filters);
  const others = filters.slice(local.length);
  const memo = memos?.of(pod, nodes, local) ?? null;
  if (memo !== null && local.length > 0 && others.length === 0) {
    const refused = refusedByAll(memo, local, request);
    if (refused !== null) return nothingFound(memo, refused);
  }
  return searchEach(request, memo, { local, others });
}

/** All nodes, when none can do: pods that fit nowhere come in numbers, and what was found for one holds for the next. Null: one can. */
function refusedByAll(
  memo: TemplateMemo,
  local: readonly Plugin[],
  request: SearchRequest,
): RefusedNodes | null {
  const { profile, state, pod, nodes, start } = request;
  const own = profile.promisedNode(pod.uid);
  const { length } = nodes;
  let ownPlace = -1;
  let ownStatus: PluginStatus | null = null;
  for (let i = 0, at = start; i < length; i++, at++) {
    if (at === length) at = 0;
    const node = nodes[at] as NodeInfo;
    if (node.name === own) {
      ownPlace = at;
      ownStatus = runFilters(profile, state, pod, node);
      if (ownStatus === null) return null;
    } else if (rememberedStatus(memo, local, at, request) === null) return null;
  }
  const statuses = memo.statuses.slice() as PluginStatus[];
  if (ownStatus !== null) statuses[ownPlace] = ownStatus;
  return RefusedNodes.all(nodes, statuses, start);
}

function nothingFound(memo: TemplateMemo, refused: RefusedNodes): SearchResult {
  const failure = [...refused.counts.keys()].find((status) => !isRefusal(status)) ?? null;
  return { feasible: [], places: [], memo, refused, failure };
}

function searchEach(
  request: SearchRequest,
  memo: TemplateMemo | null,
  { local, others }: { readonly local: readonly Plugin[]; readonly others: readonly Plugin[] },
): SearchResult {
  const { profile, state, pod, nodes, start, enough } = request;
  const feasible: NodeInfo[] = [];
  const places: number[] = [];
  const refusedNodes: NodeInfo[] = [];
  const refusals: PluginStatus[] = [];
  let failure: PluginStatus | null = null;
  let last: PluginStatus | null = null;
  const { length } = nodes;
  const own = profile.promisedNode(pod.uid);
  for (let i = 0, at = start; i < length && feasible.length < enough; i++, at++) {
    if (at >= length) at -= length;
    const node = nodes[at] as NodeInfo;
    // Promises are to be looked at by all filters together, and one of its own is none.
    const isPlain = others.length > 0 ? profile.hasPromises(node.name) : node.name === own;
    const status =
      memo === null || isPlain
        ? runFilters(profile, state, pod, node)
        : (rememberedStatus(memo, local, at, request) ?? profile.filter(others, state, pod, node));
    if (status === null) {
      feasible.push(node);
      places.push(at);
    } else {
      refusedNodes.push(node);
      refusals.push(status);
      if (status !== last && failure === null && !isRefusal(status)) failure = status;
      last = status;
    }
  }
  return { feasible, places, memo, refused: RefusedNodes.some(refusedNodes, refusals), failure };
}

function rememberedStatus(
  memo: TemplateMemo,
  local: readonly Plugin[],
  at: number,
  { profile, state, pod, nodes }: SearchRequest,
): PluginStatus | null {
  if (local.length === 0) return null;
  const node = nodes[at] as NodeInfo;
  if (memo.filterGenerations[at] === node.generation) return memo.statuses[at] ?? null;
  const status = profile.hasPromises(node.name)
    ? runFilters(profile, state, pod, node)
    : profile.filter(local, state, pod, node);
  memo.filterGenerations[at] = node.generation;
  memo.statuses[at] = status;
  return status;
}

/** The refusal of the nodes that pre-filters left out. */
export function notNamed(naming: readonly string[]): PluginStatus {
  const reason = `node(s) didn't satisfy plugin(s) [${naming.join(' ')}]`;
  return withPlugin({ code: 'unresolvable', reasons: [reason] }, naming[0] ?? '');
}
