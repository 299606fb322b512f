import { assert } from '../../../base/assert.js';
import type { CycleState } from '../framework/cycle-state.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import {
  type NodeList,
  type NodeStatuses,
  type Plugin,
  type PluginStatus,
  type PostFilterResult,
  skip,
} from '../framework/plugin.js';
import { EventInterests } from '../queue/event-interests.js';
import type { Nominator } from '../queue/nominator.js';
import type { QueueProfile } from '../queue/scheduling-queue.js';
import { failure, withPlugin } from './named-status.js';
import { type PluginPoints, type Scorer, scorersOf } from './plugin-points.js';

/** What all pre-filters of a profile say of a pod. */
export type PreFilterOutcome =
  | { readonly kind: 'refused'; readonly status: PluginStatus }
  | {
      readonly kind: 'passed';
      /** Only these nodes can do; null: any. */
      readonly nodeNames: ReadonlySet<string> | null;
      /** Of the plugins that named nodes, for the words of a refusal; sorted. */
      readonly naming: readonly string[];
    };

/** What all post-filters say: a node that was promised (null: nothing is changed), and words for the pod's refusal. */
export interface PostFilterOutcome {
  readonly nominatedNodeName: string | null;
  readonly message: string;
  /** Set when one of them failed. */
  readonly error: PluginStatus | null;
}

/** How a plugin makes a pod wait for its permit. */
export type PermitOutcome =
  | { readonly kind: 'passed'; readonly waitMs: ReadonlyMap<string, number> }
  | { readonly kind: 'refused'; readonly status: PluginStatus };

/** The plugins of one scheduler name, and how they are asked together. */
export class Profile implements QueueProfile {
  readonly name: string;
  readonly interests: EventInterests;
  /** Of all nodes, so many percent are enough to choose from; 0: by the size of the cluster. Null: as for all profiles. */
  readonly percentageOfNodesToScore: number | null;
  readonly points: PluginPoints['at'];
  readonly #scorers: readonly Scorer[];
  readonly #plugins: readonly Plugin[];
  readonly #nominator: Nominator;

  constructor(
    { name, percentageOfNodesToScore }: Pick<Profile, 'name' | 'percentageOfNodesToScore'>,
    points: PluginPoints,
    nominator: Nominator,
  ) {
    this.name = name;
    this.percentageOfNodesToScore = percentageOfNodesToScore;
    this.points = points.at;
    this.#scorers = scorersOf(points);
    this.#plugins = [...new Set(Object.values(points.at).flat())];
    this.#nominator = nominator;
    this.interests = new EventInterests(this.#plugins);
  }

  /** Its plugins, each once. */
  get plugins(): readonly Plugin[] {
    return this.#plugins;
  }

  less: NonNullable<Plugin['less']> = (a, b) => {
    const [sorter] = this.points.queueSort;
    assert(sorter?.less !== undefined);
    return sorter.less(a, b);
  };

  gateOf(pod: PodInfo): string | null {
    for (const plugin of this.points.preEnqueue)
      if (plugin.preEnqueue?.(pod) != null) return plugin.name;
    return null;
  }

  preFilter(state: CycleState, pod: PodInfo, nodes: NodeList): PreFilterOutcome {
    let nodeNames: ReadonlySet<string> | null = null;
    let refusal: PluginStatus | null = null;
    const naming: string[] = [];
    for (const plugin of this.points.preFilter) {
      const answer = plugin.preFilter?.(state, pod, nodes) ?? null;
      if (answer === skip) {
        state.skippedFilters.add(plugin.name);
      } else if (answer !== null && 'code' in answer) {
        const status = withPlugin(answer, plugin.name);
        if (status.code !== 'unschedulable') return { kind: 'refused', status };
        // One behind it may know that nothing can help.
        refusal ??= status;
      } else if (answer?.nodeNames !== undefined) {
        naming.push(plugin.name);
        nodeNames = nodeNames === null ? answer.nodeNames : common(nodeNames, answer.nodeNames);
        if (nodeNames.size === 0) return { kind: 'refused', status: noneNamed(naming) };
      }
    }
    if (refusal !== null) return { kind: 'refused', status: refusal };
    return { kind: 'passed', nodeNames, naming: naming.sort() };
  }

  /** The filters that have something to do with the pod of this cycle. */
  activeFilters({ skippedFilters }: CycleState): readonly Plugin[] {
    const { filter } = this.points;
    return skippedFilters.size === 0
      ? filter
      : filter.filter(({ name }) => !skippedFilters.has(name));
  }

  /** The first refusal of a node. */
  filter(
    filters: readonly Plugin[],
    state: CycleState,
    pod: PodInfo,
    node: NodeInfo,
  ): PluginStatus | null {
    for (let i = 0; i < filters.length; i++) {
      const plugin = filters[i] as Plugin;
      const status = plugin.filter?.(state, pod, node) ?? null;
      if (status !== null) return withPlugin(status, plugin.name);
    }
    return null;
  }

  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): PluginStatus | null {
    return this.#extend(state, (plugin) => plugin.addPod?.(state, pod, added, node) ?? null);
  }

  removePod(
    state: CycleState,
    pod: PodInfo,
    removed: PodInfo,
    node: NodeInfo,
  ): PluginStatus | null {
    return this.#extend(state, (plugin) => plugin.removePod?.(state, pod, removed, node) ?? null);
  }

  async postFilter(
    state: CycleState,
    pod: PodInfo,
    refused: NodeStatuses,
  ): Promise<PostFilterOutcome> {
    const reasons: string[] = [];
    let nominatedNodeName: string | null = null;
    for (const plugin of this.points.postFilter) {
      const answer = await this.#postFilter(plugin, state, pod, refused);
      const status = 'code' in answer ? answer : answer.refusal;
      if (!('code' in answer)) nominatedNodeName = answer.nominatedNodeName;
      if (status === undefined) return { nominatedNodeName, message: '', error: null };
      reasons.push(...status.reasons);
      const message = reasons.join(', ');
      if (status.code === 'error') return { nominatedNodeName: null, message, error: status };
      if (status.code === 'unresolvable') return { nominatedNodeName, message, error: null };
    }
    return { nominatedNodeName, message: reasons.join(', '), error: null };
  }

  /** The scorers that have something to do with the pod, or the refusal of one that cannot. */
  preScore(
    state: CycleState,
    pod: PodInfo,
    nodes: readonly NodeInfo[],
  ): readonly Scorer[] | PluginStatus {
    for (const plugin of this.points.preScore) {
      const answer = plugin.preScore?.(state, pod, nodes) ?? null;
      if (answer === skip) state.skippedScores.add(plugin.name);
      else if (answer !== null) return withPlugin(answer, plugin.name);
    }
    const { skippedScores } = state;
    return skippedScores.size === 0
      ? this.#scorers
      : this.#scorers.filter(({ plugin }) => !skippedScores.has(plugin.name));
  }

  /** A refusal has undone everything. */
  reserve(state: CycleState, pod: PodInfo, nodeName: string): PluginStatus | null {
    for (const plugin of this.points.reserve) {
      const status = guarded(plugin, () => plugin.reserve?.(state, pod, nodeName) ?? null);
      if (status === null) continue;
      this.unreserve(state, pod, nodeName);
      return status;
    }
    return null;
  }

  unreserve(state: CycleState, pod: PodInfo, nodeName: string): void {
    for (const plugin of [...this.points.reserve].reverse())
      plugin.unreserve?.(state, pod, nodeName);
  }

  permit(state: CycleState, pod: PodInfo, nodeName: string): PermitOutcome {
    const waitMs = new Map<string, number>();
    for (const plugin of this.points.permit) {
      const answer = guardedPermit(plugin, state, pod, nodeName);
      if (answer === null) continue;
      if ('code' in answer) return { kind: 'refused', status: withPlugin(answer, plugin.name) };
      waitMs.set(plugin.name, answer.waitMs);
    }
    return { kind: 'passed', waitMs };
  }

  async preBind(
    state: CycleState,
    pod: PodInfo,
    nodeName: string,
    signal: AbortSignal,
  ): Promise<PluginStatus | null> {
    for (const plugin of this.points.preBind) {
      try {
        const status = (await plugin.preBind?.(state, pod, nodeName, signal)) ?? null;
        if (status !== null) return withPlugin(status, plugin.name);
      } catch (error) {
        return failure(plugin.name, error);
      }
    }
    return null;
  }

  async bind(
    state: CycleState,
    pod: PodInfo,
    nodeName: string,
    signal: AbortSignal,
  ): Promise<PluginStatus | null> {
    for (const plugin of this.points.bind) {
      try {
        const answer = (await plugin.bind?.(state, pod, nodeName, signal)) ?? null;
        if (answer === null) return null;
        if (answer !== skip) return withPlugin(answer, plugin.name);
      } catch (error) {
        return failure(plugin.name, error);
      }
    }
    return { code: 'error', reasons: ['no bind plugin has bound the pod'] };
  }

  postBind(state: CycleState, pod: PodInfo, nodeName: string): void {
    for (const plugin of this.points.postBind) plugin.postBind?.(state, pod, nodeName);
  }

  /** Whether any pod is promised the node. */
  hasPromises(nodeName: string): boolean {
    return !this.#nominator.isEmpty && this.#nominator.hasPromises(nodeName);
  }

  /** The node that the pod was promised; '' for none. */
  promisedNode(uid: string): string {
    return this.#nominator.nodeOf(uid);
  }

  /** Pods that are promised the node and go before this one. */
  nominatedBefore(pod: PodInfo, nodeName: string): readonly PodInfo[] {
    if (!this.hasPromises(nodeName)) return none;
    return this.#nominator
      .podsOf(nodeName)
      .filter(({ uid, priority }) => uid !== pod.uid && priority >= pod.priority);
  }

  #extend(
    { skippedFilters }: CycleState,
    ask: (plugin: Plugin) => PluginStatus | null,
  ): PluginStatus | null {
    for (const plugin of this.points.preFilter) {
      if (skippedFilters.has(plugin.name)) continue;
      const status = ask(plugin);
      if (status !== null) return withPlugin(status, plugin.name);
    }
    return null;
  }

  async #postFilter(
    plugin: Plugin,
    state: CycleState,
    pod: PodInfo,
    refused: NodeStatuses,
  ): Promise<PostFilterResult | PluginStatus> {
    try {
      assert(plugin.postFilter !== undefined);
      return await plugin.postFilter(state, pod, refused);
    } catch (error) {
      return failure(plugin.name, error);
    }
  }
}

const none: readonly PodInfo[] = [];

function guarded(plugin: Plugin, ask: () => PluginStatus | null): PluginStatus | null {
  try {
    const status = ask();
    return status === null ? null : withPlugin(status, plugin.name);
  } catch (error) {
    return failure(plugin.name, error);
  }
}

function guardedPermit(plugin: Plugin, state: CycleState, pod: PodInfo, nodeName: string) {
  try {
    return plugin.permit?.(state, pod, nodeName) ?? null;
  } catch (error) {
    return failure(plugin.name, error);
  }
}

function common(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...a].filter((name) => b.has(name)));
}

function noneNamed(naming: readonly string[]): PluginStatus {
  const reason =
    naming.length === 1
      ? `node(s) didn't satisfy plugin ${naming[0]}`
      : `node(s) didn't satisfy plugin(s) [${[...naming].sort().join(' ')}] simultaneously`;
  return { code: 'unresolvable', reasons: [reason] };
}
