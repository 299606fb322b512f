import type { Prng } from '../../../base/prng.js';
import { CycleState } from '../framework/cycle-state.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { NodeList, NodeStatuses, PluginStatus } from '../framework/plugin.js';
import type { Nominator } from '../queue/nominator.js';
import { isRefusal, messageOf } from '../runtime/named-status.js';
import type { Profile } from '../runtime/profile.js';
import { enoughNodes } from './enough-nodes.js';
import { notNamed, type SearchResult, searchNodes } from './node-search.js';
import { countsOf, RefusedNodes } from './refused-nodes.js';
import { runFilters } from './run-filters.js';
import { bestPlace, NodeScores } from './score-nodes.js';
import { TemplateMemos } from './template-memo.js';

/** Where a pod is to run, or why it cannot. */
export type Choice =
  | { readonly kind: 'chosen'; readonly nodeName: string; readonly state: CycleState }
  | { readonly kind: 'misfit'; readonly state: CycleState; readonly diagnosis: Diagnosis }
  | { readonly kind: 'no-nodes' }
  | { readonly kind: 'failed'; readonly status: PluginStatus };

/** Why a pod fits on no node. */
export interface Diagnosis {
  readonly nodeCount: number;
  readonly statuses: NodeStatuses;
  readonly preFilterMessage: string;
  readonly refusedBy: ReadonlySet<string>;
  readonly waitsFor: ReadonlySet<string>;
}

/** Nodes that can do, from which the best is to be chosen. */
export interface Found {
  readonly kind: 'found';
  readonly state: CycleState;
  readonly search: SearchResult;
  /** Of the pre-filters that named nodes, which left out the others; null when all were looked at. */
  readonly naming: readonly string[] | null;
  /** There is one node, which was promised: no other is looked at. */
  readonly isPromised: boolean;
}

/** What nodes are chosen with. */
export interface NodeChooserParts {
  readonly nodes: NodeList;
  readonly nominator: Nominator;
  readonly prng: Prng;
  /** For profiles that say nothing of their own. 0: by the size of the cluster. */
  readonly percentageOfNodesToScore: number;
  /** Whether answers of local plugins are remembered by template; false is for comparison. Default: true. */
  readonly remembers?: boolean;
}

/** The part of a pod's cycle that looks for the best node: synchronous, and nothing is changed by it but where the next search begins. */
export class NodeChooser {
  readonly #parts: NodeChooserParts;
  readonly #scores = new NodeScores();
  /** By profile: their plugins answer differently. */
  readonly #memos = new Map<string, TemplateMemos>();
  /** Where the next search begins, so that all nodes get their turn. */
  #start = 0;

  constructor(parts: NodeChooserParts) {
    this.#parts = parts;
  }

  choose(profile: Profile, pod: PodInfo): Choice {
    const found = this.find(profile, pod, true);
    return found.kind === 'found' ? this.settle(profile, pod, found) : found;
  }

  /** The nodes that can do; or all there is to say, when none can. `usesPromise`: a node that was promised, and can do, is enough. */
  find(profile: Profile, pod: PodInfo, usesPromise: boolean): Found | Choice {
    const { nodes, nominator } = this.#parts;
    const nodeCount = nodes.all.length;
    if (nodeCount === 0) return { kind: 'no-nodes' };
    const state = new CycleState();
    const preFiltered = profile.preFilter(state, pod, nodes);
    if (preFiltered.kind === 'refused') {
      const { status } = preFiltered;
      if (!isRefusal(status)) return { kind: 'failed', status };
      const statuses = { byNode: new Map(), others: status };
      const diagnosis = diagnose(nodeCount, statuses, messageOf(status));
      return { kind: 'misfit', state, diagnosis };
    }
    const { nodeNames } = preFiltered;
    const naming = nodeNames === null ? null : preFiltered.naming;
    const promised = usesPromise ? nodes.get(nominator.nodeOf(pod.uid)) : undefined;
    const mayBe = promised !== undefined && nodeNames?.has(promised.name) !== false;
    if (mayBe && runFilters(profile, state, pod, promised) === null)
      return { kind: 'found', state, search: onlyNode(promised), naming, isPromised: true };
    const search = this.#search(profile, state, pod, nodeNames);
    if (search.failure !== null) return { kind: 'failed', status: search.failure };
    const found: Found = { kind: 'found', state, search, naming, isPromised: false };
    return search.feasible.length > 0 ? found : this.misfit(found);
  }

  /** The best of what was found, at least one node; `extra` are scores of nodes by name that are added. */
  settle(
    profile: Profile,
    pod: PodInfo,
    { state, search }: Found,
    extra?: ReadonlyMap<string, number>,
  ): Choice {
    const { feasible: nodes, places, memo } = search;
    const [only] = nodes;
    if (nodes.length === 1 && only !== undefined)
      return { kind: 'chosen', nodeName: only.name, state };
    const scorers = profile.preScore(state, pod, nodes);
    if ('code' in scorers) return { kind: 'failed', status: scorers };
    const totals = this.#scores.score(scorers, { state, pod, nodes, places, memo });
    if (!(totals instanceof Float64Array)) return { kind: 'failed', status: totals };
    if (extra !== undefined) addScores(totals, nodes, extra);
    const best = nodes[bestPlace(totals, this.#parts.prng)] as NodeInfo;
    return { kind: 'chosen', nodeName: best.name, state };
  }

  /** Nothing of what was found can do. */
  misfit({ state, search, naming }: Found): Choice {
    const others = naming === null ? null : notNamed(naming);
    const statuses = { byNode: search.refused, others };
    const nodeCount = this.#parts.nodes.all.length;
    return { kind: 'misfit', state, diagnosis: diagnose(nodeCount, statuses, '') };
  }

  #search(
    profile: Profile,
    state: CycleState,
    pod: PodInfo,
    nodeNames: ReadonlySet<string> | null,
  ): SearchResult {
    const { nodes, remembers = true, percentageOfNodesToScore } = this.#parts;
    const searched = nodeNames === null ? nodes.all : named(nodes, nodeNames);
    const percentage = profile.percentageOfNodesToScore ?? percentageOfNodesToScore;
    const hasScores = profile.points.score.length > 0;
    const found = searchNodes({
      ...{ profile, state, pod, nodes: searched },
      memos: remembers && nodeNames === null ? this.#memosOf(profile) : null,
      start: searched.length === 0 ? 0 : this.#start % searched.length,
      enough: hasScores ? enoughNodes(searched.length, percentage) : 1,
    });
    const asked = found.feasible.length + found.refused.size;
    this.#start = (this.#start + asked) % nodes.all.length;
    return found;
  }

  #memosOf({ name, points }: Profile): TemplateMemos {
    let memos = this.#memos.get(name);
    if (memos === undefined) {
      memos = new TemplateMemos(points.score);
      this.#memos.set(name, memos);
    }
    return memos;
  }
}

const noNodes = RefusedNodes.some([], []);

function onlyNode(node: NodeInfo): SearchResult {
  return { feasible: [node], places: [], memo: null, refused: noNodes, failure: null };
}

function addScores(
  totals: Float64Array,
  nodes: readonly NodeInfo[],
  extra: ReadonlyMap<string, number>,
): void {
  nodes.forEach(({ name }, at) => {
    totals[at] = (totals[at] as number) + (extra.get(name) ?? 0);
  });
}

function named(nodes: NodeList, names: ReadonlySet<string>): readonly NodeInfo[] {
  return [...names].map((name) => nodes.get(name)).filter((node) => node !== undefined);
}

function diagnose(nodeCount: number, statuses: NodeStatuses, preFilterMessage: string): Diagnosis {
  const refusedBy = new Set<string>();
  const waitsFor = new Set<string>();
  const { byNode, others } = statuses;
  const all = countsOf(byNode).keys();
  for (const { code, plugin = '' } of others === null ? all : [others, ...all])
    (code === 'wait' ? waitsFor : refusedBy).add(plugin);
  return { nodeCount, statuses, preFilterMessage, refusedBy, waitsFor };
}
