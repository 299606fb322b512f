import type { Pod } from '../../api/gen/core-v1.js';
import type { ClusterEventInterest } from './cluster-event.js';
import type { CycleState } from './cycle-state.js';
import type { NodeInfo, PodInfo } from './node-info.js';
import type { SchedulerHandle } from './scheduler-handle.js';

/**
 * Why a plugin says no. `unschedulable`: not now; another node, or a preemption, may help. `unresolvable`: no preemption on this node can
 * help. `wait`: of a permit. `error`: the plugin failed; the pod is tried again after a pause.
 */
export type StatusCode = 'unschedulable' | 'unresolvable' | 'wait' | 'error';

/** What a plugin answers when it does not simply agree, which is null. Shared and never changed: one that is used often is made once. */
export interface PluginStatus {
  readonly code: StatusCode;
  /** As events word them: `node(s) had untolerated taint(s)`. Several when several things are lacking. */
  readonly reasons: readonly string[];
  /** Of the plugin that said so; the framework fills it in. */
  readonly plugin?: string;
}

/** What tells pods apart for a step that looks at one node alone: see {@link Plugin.filterLocality}. */
export type Locality = 'template' | 'demand';

/** A plugin has nothing to do with this pod: its later steps (filter, or score) are left out in this cycle. */
export const skip = 'skip';

/** What a pre-filter found. */
export interface PreFilterResult {
  /** Only these nodes can do; absent: any. */
  readonly nodeNames?: ReadonlySet<string>;
}

/** What a post-filter did for a pod that fits nowhere. */
export interface PostFilterResult {
  /** The pod may fit there once the victims are gone; '' clears an earlier nomination. */
  readonly nominatedNodeName: string;
  /** Why nothing could be done after all; what was promised before is cleared then. Absent: the pod may fit. */
  readonly refusal?: PluginStatus;
}

/** Why nodes were refused. */
export interface NodeStatuses {
  /** Nodes that were asked one by one. */
  readonly byNode: ReadonlyMap<string, PluginStatus>;
  /** Of all the others: a pre-filter had refused them. Null: all were asked. */
  readonly others: PluginStatus | null;
}

/**
 * A scheduling plugin: any of the extension points of Kubernetes' scheduling framework, by the same names. Up to the scores every step is
 * a pure function of its arguments and of what the same plugin has put into the cycle's state: synchronous, without a clock. Steps from
 * `postFilter` on may act and wait.
 */
export interface Plugin {
  readonly name: string;
  /**
   * `filter` is a function of this one node and of what {@link PodInfo.templateKey} covers, or (`demand`) of what
   * {@link PodInfo.demandKey} does, alone: for pods of one key, and while the node keeps its generation, it answers the same. The
   * framework may then remember its answers.
   */
  readonly filterLocality?: Locality;
  /** The same of `score`, before it is normalised. */
  readonly scoreLocality?: Locality;
  /** Order of the active queue: negative when `a` comes first. Exactly one plugin of a scheduler has it. */
  less?(a: QueuedPod, b: QueuedPod): number;
  /** Not null: the pod is not even put into the active queue. */
  preEnqueue?(pod: PodInfo): PluginStatus | null;
  /** Which changes of the cluster may make a pod schedulable that this plugin refused. */
  eventsToRegister?(): readonly ClusterEventInterest[];

  /** Once a cycle, before any filter. `skip`: neither `filter` nor the two of its extensions are asked in this cycle. */
  preFilter?(
    state: CycleState,
    pod: PodInfo,
    nodes: NodeList,
  ): PreFilterResult | PluginStatus | typeof skip | null;
  /** The state as if `added` ran on the node too. For plugins whose filter looks at what `preFilter` counted. */
  addPod?(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): PluginStatus | null;
  /** The state as if `removed` did not run on the node. */
  removePod?(
    state: CycleState,
    pod: PodInfo,
    removed: PodInfo,
    node: NodeInfo,
  ): PluginStatus | null;
  filter?(state: CycleState, pod: PodInfo, node: NodeInfo): PluginStatus | null;
  /** Awaited before the next pod's cycle begins: what takes long goes on behind. */
  postFilter?(
    state: CycleState,
    pod: PodInfo,
    refused: NodeStatuses,
  ): PostFilterResult | PluginStatus | Promise<PostFilterResult | PluginStatus>;

  /** Once a cycle, before any score, with the nodes that passed. `skip`: it is not asked to score. */
  preScore?(
    state: CycleState,
    pod: PodInfo,
    nodes: readonly NodeInfo[],
  ): PluginStatus | typeof skip | null;
  /** Larger is better; any finite number, when there is a `normalizeScores`, else from 0 to 100. */
  score?(state: CycleState, pod: PodInfo, node: NodeInfo): number;
  /** Brings scores, in the order of `nodes`, into 0 to 100, in place. */
  normalizeScores?(
    state: CycleState,
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    scores: Float64Array,
  ): void;

  /** Keeps what the pod will use; called in the plugins' order. A refusal undoes all that was reserved, in reverse. */
  reserve?(state: CycleState, pod: PodInfo, nodeName: string): PluginStatus | null;
  /** Gives it back; must not fail, and may come without `reserve`. */
  unreserve?(state: CycleState, pod: PodInfo, nodeName: string): void;
  /** Lets go, refuses, or makes the pod wait for so long at most. */
  permit?(
    state: CycleState,
    pod: PodInfo,
    nodeName: string,
  ): PluginStatus | { readonly waitMs: number } | null;
  preBind?(
    state: CycleState,
    pod: PodInfo,
    nodeName: string,
    signal: AbortSignal,
  ): Promise<PluginStatus | null>;
  /** `skip` leaves it to the next one. */
  bind?(
    state: CycleState,
    pod: PodInfo,
    nodeName: string,
    signal: AbortSignal,
  ): Promise<PluginStatus | typeof skip | null>;
  postBind?(state: CycleState, pod: PodInfo, nodeName: string): void;
}

/** A pod in the queue, as `less` sees it. */
export interface QueuedPod {
  readonly info: PodInfo;
  readonly pod: Pod;
  /** When it came into the queue first, in milliseconds since the epoch. */
  readonly initialAttemptMs: number | null;
  /** When it came into the active queue. */
  readonly timestampMs: number;
}

/** The nodes of a cycle's snapshot, zone after zone in turn. */
export interface NodeList {
  readonly all: readonly NodeInfo[];
  /** Those with pods that have affinity or anti-affinity terms. */
  readonly withAffinityPods: readonly NodeInfo[];
  /** Those with pods that require anti-affinity. */
  readonly withRequiredAntiAffinityPods: readonly NodeInfo[];
  get(name: string): NodeInfo | undefined;
}

/** Makes a plugin of its arguments in the configuration (`pluginConfig[].args`). Throws ConfigurationError for arguments that are wrong. */
export type PluginFactory = (args: unknown, handle: SchedulerHandle) => Plugin;

/** A plugin of a profile, as configurations enable them. */
export interface EnabledPlugin {
  readonly name: string;
  /** Of its scores; 1 when it is absent. */
  readonly weight?: number;
}
