import { defined } from '../../../base/assert.js';
import type { SchedulerCache } from '../cache/scheduler-cache.js';
import type { Extenders } from '../extenders/extenders.js';
import type { CycleState } from '../framework/cycle-state.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import { NodeState } from '../framework/node-state.js';
import type { NodeList, PluginStatus } from '../framework/plugin.js';
import type {
  MutableNodeInfo,
  PreemptionExtender,
  SchedulerHandle,
  WaitingPod,
} from '../framework/scheduler-handle.js';
import type { Nominator } from '../queue/nominator.js';
import type { Profile } from '../runtime/profile.js';
import type { WaitingPods } from '../runtime/waiting-pods.js';
import { runFilters } from './run-filters.js';

/** What handles give of the scheduler besides what it was made with. */
export interface HandleParts
  extends Pick<SchedulerHandle, 'client' | 'informers' | 'events' | 'clock' | 'prng' | 'logger'> {
  readonly cache: SchedulerCache;
  readonly nominator: Nominator;
  readonly waiting: WaitingPods;
  readonly extenders: Extenders;
  readonly activate: (uids: readonly string[]) => void;
}

/** A profile's plugins' view of the scheduler. Plugins get it while their profile is made; they ask it nothing of the profile before. */
export class PluginHandle implements SchedulerHandle {
  readonly client: SchedulerHandle['client'];
  readonly informers: SchedulerHandle['informers'];
  readonly events: SchedulerHandle['events'];
  readonly clock: SchedulerHandle['clock'];
  readonly prng: SchedulerHandle['prng'];
  readonly logger: SchedulerHandle['logger'];
  readonly profileName: string;
  readonly #parts: HandleParts;
  #profile: Profile | null = null;

  constructor(parts: HandleParts, profileName: string) {
    this.client = parts.client;
    this.informers = parts.informers;
    this.events = parts.events;
    this.clock = parts.clock;
    this.prng = parts.prng;
    this.logger = parts.logger;
    this.profileName = profileName;
    this.#parts = parts;
  }

  /** The profile has been made. */
  attach(profile: Profile): void {
    this.#profile = profile;
  }

  snapshot(): NodeList {
    return this.#parts.cache;
  }

  runFilters(state: CycleState, pod: PodInfo, node: NodeInfo): PluginStatus | null {
    return runFilters(this.#attached(), state, pod, node);
  }

  hasLocalFilters(state: CycleState): boolean {
    return this.#attached()
      .activeFilters(state)
      .every(({ filterLocality }) => filterLocality !== undefined);
  }

  runAddPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): PluginStatus | null {
    return this.#attached().addPod(state, pod, added, node);
  }

  runRemovePod(
    state: CycleState,
    pod: PodInfo,
    removed: PodInfo,
    node: NodeInfo,
  ): PluginStatus | null {
    return this.#attached().removePod(state, pod, removed, node);
  }

  mutableCopy(node: NodeInfo): MutableNodeInfo {
    return NodeState.copyOf(node);
  }

  nominatedPods(nodeName: string): readonly PodInfo[] {
    return this.#parts.nominator.podsOf(nodeName);
  }

  nominatedNode(uid: string): string {
    return this.#parts.nominator.nodeOf(uid);
  }

  nominate(pod: PodInfo, nodeName: string): void {
    this.#parts.nominator.nominate(pod, nodeName);
  }

  clearNomination(pod: PodInfo): void {
    this.#parts.nominator.clear(pod.uid);
  }

  preemptionExtenders(pod: PodInfo): readonly PreemptionExtender[] {
    return this.#parts.extenders.forPreemption(pod);
  }

  activate(uids: readonly string[]): void {
    this.#parts.activate(uids);
  }

  waitingPod(uid: string): WaitingPod | undefined {
    return this.#parts.waiting.get(uid);
  }

  waitingPods(): readonly WaitingPod[] {
    return this.#parts.waiting.all();
  }

  #attached(): Profile {
    return defined(this.#profile, 'the profile of the plugin');
  }
}
