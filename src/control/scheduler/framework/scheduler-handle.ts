import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import type { ControlClient, EventRecorder, SharedInformers } from '../../client/index.js';
import type { CycleState } from './cycle-state.js';
import type { NodeInfo, PodInfo } from './node-info.js';
import type { NodeList, PluginStatus } from './plugin.js';

/** What plugins are given of the scheduler. */
export interface SchedulerHandle {
  readonly client: ControlClient;
  /** Shared: asked for while plugins are made, run by the scheduler. */
  readonly informers: SharedInformers;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  /** Pods that are scheduled by this profile's name. */
  readonly profileName: string;
  /** The nodes of the cycle under way. */
  snapshot(): NodeList;
  /** All filters of the profile, with the pods that are nominated to the node and matter more; for preemption. */
  runFilters(state: CycleState, pod: PodInfo, node: NodeInfo): PluginStatus | null;
  /** Whether every filter that has something to do with the pod of this cycle is local (`Plugin.filterLocality`). */
  hasLocalFilters(state: CycleState): boolean;
  /** The state as if a pod were on the node (or not): every plugin's `addPod` and `removePod`. */
  runAddPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): PluginStatus | null;
  runRemovePod(
    state: CycleState,
    pod: PodInfo,
    removed: PodInfo,
    node: NodeInfo,
  ): PluginStatus | null;
  /** A copy of a node that preemption adds pods to and removes them from. */
  mutableCopy(node: NodeInfo): MutableNodeInfo;
  /** Pods that were promised a node and do not run there yet. */
  nominatedPods(nodeName: string): readonly PodInfo[];
  /** The node that the pod is promised; '' for none. */
  nominatedNode(uid: string): string;
  nominate(pod: PodInfo, nodeName: string): void;
  /** Takes back what was promised. */
  clearNomination(pod: PodInfo): void;
  /** Those that have a say when others give way to the pod. */
  preemptionExtenders(pod: PodInfo): readonly PreemptionExtender[];
  /** Puts pods that wait to be tried again into the active queue at once. Others stay where they are. */
  activate(uids: readonly string[]): void;
  /** Pods that a permit makes wait: one is let go or refused from outside. */
  waitingPod(uid: string): WaitingPod | undefined;
  waitingPods(): readonly WaitingPod[];
}

/** Pods of a node that are to give way. */
export interface ProposedVictims {
  /** The one that matters most first. */
  readonly pods: readonly PodInfo[];
  /** How many of them break a budget. */
  readonly budgetViolations: number;
}

/** A server that has a say in which pods give way. */
export interface PreemptionExtender {
  readonly name: string;
  /** Preemption goes on without it when it fails. */
  readonly isIgnorable: boolean;
  /** Which of the proposals, by node, it leaves, and what it makes of them. Rejects with Error. */
  processPreemption(
    pod: PodInfo,
    victims: ReadonlyMap<string, ProposedVictims>,
    nodes: NodeList,
  ): Promise<ReadonlyMap<string, ProposedVictims>>;
}

/** A node that pods are tried on and taken from. */
export interface MutableNodeInfo extends NodeInfo {
  add(pod: PodInfo): void;
  remove(pod: PodInfo): void;
}

/** A pod that waits for its permits. */
export interface WaitingPod {
  readonly info: PodInfo;
  readonly nodeName: string;
  pendingPlugins(): readonly string[];
  allow(plugin: string): void;
  reject(plugin: string, reason: string): void;
}
