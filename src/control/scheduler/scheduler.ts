import { AssertionError, defined } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import {
  type ControlClient,
  type EventRecorder,
  resources,
  type SharedInformers,
} from '../client/index.js';
import { SchedulerCache } from './cache/scheduler-cache.js';
import type { SchedulerConfiguration } from './config/scheduler-configuration.js';
import { type BindingParts, carryOut, type Placement } from './cycle/binding.js';
import { type Choice, NodeChooser } from './cycle/choose-node.js';
import { ClusterView } from './cycle/cluster-view.js';
import { chooseWithExtenders } from './cycle/extended-choice.js';
import { misfitMessage } from './cycle/failure-message.js';
import { noObserver, type SchedulerObserver } from './cycle/observer.js';
import { PluginHandle } from './cycle/plugin-handle.js';
import { PodStatusWriter } from './cycle/pod-status-writer.js';
import { Slots } from './cycle/slots.js';
import { UnplacedPods } from './cycle/unplaced-pods.js';
import { type ExtenderPostOf, type Extenders, makeExtenders } from './extenders/extenders.js';
import type { PodInfo } from './framework/node-info.js';
import type { EnabledPlugin, PluginFactory, PluginStatus } from './framework/plugin.js';
import { Nominator } from './queue/nominator.js';
import type { QueueEntry } from './queue/queue-entry.js';
import { SchedulingQueue } from './queue/scheduling-queue.js';
import { buildProfile } from './runtime/build-profile.js';
import { failure, isRefusal } from './runtime/named-status.js';
import type { Profile } from './runtime/profile.js';
import { WaitingPods } from './runtime/waiting-pods.js';

/** What a scheduler is made with. */
export interface SchedulerOptions {
  readonly client: ControlClient;
  /** Run by the scheduler, for itself and its plugins. */
  readonly informers: SharedInformers;
  /** Events of the profile of a name say that name as their source. */
  readonly eventsOf: (profileName: string) => EventRecorder;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly configuration: SchedulerConfiguration;
  /** Plugins by name. */
  readonly factories: Readonly<Record<string, PluginFactory>>;
  /** The plugins of a profile that says nothing else. */
  readonly defaults: readonly EnabledPlugin[];
  readonly observer?: SchedulerObserver;
  /** Needed when the configuration has extenders. */
  readonly extenderPostOf?: ExtenderPostOf;
  /** Bindings that are sent at a time. Default 100. */
  readonly bindingsMax?: number;
  /** See NodeChooser. Default: true. */
  readonly remembers?: boolean;
}

const bindingsMaxDefault = 100;
/** Others get the loop after so long. */
const sliceMs = 5;

/**
 * Gives pods without a node the best one: one pod after the other is placed, in memory and at once, and bound behind while the next is
 * looked at. Runs once.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #observer: SchedulerObserver;
  readonly #cache = new SchedulerCache();
  readonly #nominator = new Nominator((nodeName) => this.#cache.touch(nodeName));
  readonly #waiting: WaitingPods;
  readonly #profiles: ReadonlyMap<string, Profile>;
  readonly #queue: SchedulingQueue;
  readonly #view: ClusterView;
  readonly #chooser: NodeChooser;
  readonly #extenders: Extenders;
  readonly #slots: Slots;
  readonly #stop = new AbortController();
  readonly #statuses: PodStatusWriter;
  readonly #unplaced: UnplacedPods;
  readonly #binding: BindingParts;
  /** Placements under way. */
  readonly #placements = new Set<Promise<void>>();
  /** Ends the pause of the loop. */
  #wake: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  /** Throws ConfigurationError. */
  constructor(options: SchedulerOptions) {
    const { client, clock, prng, logger, configuration, observer = noObserver } = options;
    this.#options = options;
    this.#observer = observer;
    this.#waiting = new WaitingPods(clock);
    this.#extenders = makeExtenders(options, this.#stop.signal);
    this.#profiles = this.#buildProfiles();
    const [first] = this.#profiles.values();
    this.#queue = new SchedulingQueue({
      ...{ clock, less: defined(first).less, profiles: this.#profiles },
      initialBackoffMs: configuration.podInitialBackoffSeconds * 1000,
      maxBackoffMs: configuration.podMaxBackoffSeconds * 1000,
      onActive: () => this.#wake(),
      onIncoming: (queue, event) => observer.onIncoming(queue, event),
    });
    this.#view = new ClusterView({
      ...{ cache: this.#cache, queue: this.#queue },
      ...{ nominator: this.#nominator, waiting: this.#waiting },
      isOurs: (name) => this.#profiles.has(name),
    });
    const { percentageOfNodesToScore } = configuration;
    this.#chooser = new NodeChooser({
      ...{ nodes: this.#cache, nominator: this.#nominator, prng, percentageOfNodesToScore },
      remembers: options.remembers ?? true,
    });
    this.#slots = new Slots(options.bindingsMax ?? bindingsMaxDefault);
    const { signal } = this.#stop;
    this.#statuses = new PodStatusWriter({ client, clock, logger, signal });
    this.#unplaced = new UnplacedPods({
      ...{ queue: this.#queue, view: this.#view, statuses: this.#statuses, logger },
      ...{ eventsOf: options.eventsOf, pods: options.informers.of(resources.pods).lister },
    });
    this.#binding = {
      ...{ client, clock, signal, slots: this.#slots, extenders: this.#extenders },
      ...{ waiting: this.#waiting, statuses: this.#statuses },
      onPermitted: ({ uid }) => this.#queue.settle(uid),
    };
  }

  /** How much there is of everything, for metrics. */
  get sizes() {
    return { ...this.#cache.sizes, ...this.#queue.counts, waiting: this.#waiting.all().length };
  }

  /** How many waiting pods each plugin has refused or holds back, by profile and plugin; for metrics. */
  get refusedByPlugin(): readonly { plugin: string; count: number }[] {
    const names = new Set(
      [...this.#profiles.values()].flatMap(({ plugins }) => plugins.map(({ name }) => name)),
    );
    return [...names].map((plugin) => ({ plugin, count: this.#queue.refusedBy(plugin) }));
  }

  /** Places pods until the signal aborts; resolves when nothing is under way. Rejects for bugs alone. */
  async run(signal: AbortSignal): Promise<void> {
    const { informers } = this.#options;
    const stop = () => {
      this.#stop.abort(signal.reason);
      this.#wake();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.#follow();
    this.#queue.open();
    const watching = informers.run(this.#stop.signal);
    try {
      await Promise.race([failed, watching, this.#loop(this.#stop.signal)]);
    } finally {
      signal.removeEventListener('abort', stop);
      this.#stop.abort();
      this.#wake();
      this.#queue.close();
      this.#waiting.close();
      await Promise.allSettled([watching, this.#statuses.close(), ...this.#placements]);
    }
  }

  #buildProfiles(): ReadonlyMap<string, Profile> {
    const { configuration, factories, defaults, eventsOf, ...options } = this.#options;
    return new Map(
      configuration.profiles.map((profile) => {
        const name = profile.schedulerName;
        const parts = {
          ...options,
          ...{ events: eventsOf(name), cache: this.#cache, nominator: this.#nominator },
          ...{ waiting: this.#waiting, extenders: this.#extenders },
          activate: (uids: readonly string[]) => this.#queue.activate(uids),
        };
        const handle = new PluginHandle(parts, name);
        const built = buildProfile(profile, {
          ...{ factories, defaults, handle, nominator: this.#nominator },
        });
        handle.attach(built);
        return [name, built];
      }),
    );
  }

  #follow(): void {
    const wanted = [...this.#profiles.values()].flatMap(({ interests }) => [
      ...interests.resources(),
    ]);
    // What an extender refuses may be helped by anything.
    if (this.#options.configuration.extenders.length > 0) wanted.push('*');
    this.#view.follow(this.#options.informers, new Set(wanted));
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { clock, informers } = this.#options;
    try {
      await informers.untilSynced(signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    let sliceEndMs = clock.now() + sliceMs;
    while (!signal.aborted) {
      if (this.#slots.waiting > 0) await this.#slots.untilFree();
      const entry = this.#queue.pop();
      if (entry === null) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      await this.#attempt(entry);
      if (clock.now() >= sliceEndMs) {
        await new Promise<void>((resolve) => clock.defer(resolve));
        sliceEndMs = clock.now() + sliceMs;
      }
    }
  }

  /** One cycle of a pod, up to where waiting begins. A promise only when a post-filter or an extender is waited for. */
  #attempt(entry: QueueEntry): Promise<void> | void {
    const pod = entry.info;
    const beganMs = this.#options.clock.now();
    const profile = defined(this.#profiles.get(pod.pod.spec?.schedulerName ?? ''));
    if (pod.pod.metadata.deletionTimestamp !== undefined || this.#cache.hasPod(pod.uid)) {
      this.#skip(profile, pod);
      return undefined;
    }
    if (this.#extenders.concern(pod)) return this.#attemptExtended(profile, entry, beganMs);
    return this.#settle(profile, entry, this.#choose(profile, pod), beganMs);
  }

  /** The same when extenders have a say in it. */
  async #attemptExtended(profile: Profile, entry: QueueEntry, beganMs: number): Promise<void> {
    const pod = entry.info;
    const [extenders, chooser, nodes] = [this.#extenders, this.#chooser, this.#cache];
    const choice = await chooseWithExtenders(profile, pod, { extenders, chooser, nodes }).catch(
      failedChoice,
    );
    if (this.#stop.signal.aborted) return;
    if (!this.#isWaiting(pod)) {
      this.#queue.delete(pod.uid);
      return;
    }
    await this.#settle(profile, entry, choice, beganMs);
  }

  /** The pod is still there and has no node. */
  #isWaiting({ key, uid }: PodInfo): boolean {
    const current = this.#options.informers.of(resources.pods).lister.byKey(key);
    if (current?.metadata.uid !== uid || this.#cache.hasPod(uid)) return false;
    return current.metadata.deletionTimestamp === undefined;
  }

  /** Does what was chosen. */
  #settle(
    profile: Profile,
    entry: QueueEntry,
    choice: Choice,
    beganMs: number,
  ): Promise<void> | void {
    const pod = entry.info;
    const algorithmMs = this.#options.clock.now() - beganMs;
    const onEnd = (result: 'scheduled' | 'unschedulable' | 'error') => {
      const totalMs = this.#options.clock.now() - beganMs;
      this.#observer.onAttempt(result, profile.name, { totalMs, algorithmMs });
    };
    switch (choice.kind) {
      case 'chosen': {
        const { nodeName, state } = choice;
        const status = this.#place(entry, { profile, state, pod, nodeName });
        if (status === null) return onEnd('scheduled');
        this.#unplaced.failed(profile, entry, pod, status, null);
        return onEnd(isRefusal(status) ? 'unschedulable' : 'error');
      }
      case 'no-nodes':
        this.#unplaced.noNodes(profile, entry, pod);
        return onEnd('unschedulable');
      case 'failed':
        this.#unplaced.failed(profile, entry, pod, choice.status, null);
        return onEnd('error');
      case 'misfit':
        return this.#onMisfit(profile, entry, pod, choice).then(() => onEnd('unschedulable'));
    }
  }

  /** The pod needs no node: it is going, or was assumed to be on one. */
  #skip(profile: Profile, { pod, uid }: PodInfo): void {
    const { deletionTimestamp, namespace, name } = pod.metadata;
    this.#queue.delete(uid);
    if (deletionTimestamp === undefined) return;
    const note = `skip schedule deleting pod: ${namespace}/${name}`;
    this.#options.eventsOf(profile.name).event(pod, 'Warning', 'FailedScheduling', note);
  }

  #choose(profile: Profile, pod: PodInfo): Choice {
    try {
      return this.#chooser.choose(profile, pod);
    } catch (error) {
      return failedChoice(error);
    }
  }

  /** Takes the room and begins to bind; a refusal has left nothing behind. */
  #place(entry: QueueEntry, placement: Placement): PluginStatus | null {
    const { profile, state, pod, nodeName } = placement;
    this.#cache.assume(pod, nodeName);
    const refusal = profile.reserve(state, pod, nodeName);
    if (refusal !== null) {
      this.#cache.forget(pod.uid);
      return refusal;
    }
    const permit = profile.permit(state, pod, nodeName);
    if (permit.kind === 'refused') {
      this.#giveBack(placement);
      return permit.status;
    }
    this.#nominator.clear(pod.uid);
    if (permit.waitMs.size > 0) this.#waiting.add(pod, nodeName, permit.waitMs);
    const carried = this.#carryOut(entry, placement)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#placements.delete(carried));
    this.#placements.add(carried);
    return null;
  }

  #giveBack({ profile, state, pod, nodeName }: Placement): void {
    profile.unreserve(state, pod, nodeName);
    this.#cache.forget(pod.uid);
  }

  async #carryOut(entry: QueueEntry, placement: Placement): Promise<void> {
    const { profile, state, pod, nodeName } = placement;
    const outcome = await carryOut(placement, this.#binding);
    switch (outcome.kind) {
      case 'bound':
        this.#onBound(entry, placement);
        return;
      case 'stopped':
        return;
      case 'not-ours':
        profile.unreserve(state, pod, nodeName);
        // What the API shows next says where it is.
        this.#cache.forget(pod.uid);
        this.#queue.delete(pod.uid);
        return;
      case 'failed': {
        this.#giveBack(placement);
        // The room that it held may do for others.
        this.#queue.onEvent({
          ...{ resource: 'AssignedPod', action: 'delete', before: pod.pod, after: null },
        });
        this.#unplaced.failed(profile, entry, pod, outcome.status, null);
      }
    }
  }

  #onBound(entry: QueueEntry, { profile, state, pod, nodeName }: Placement): void {
    this.#queue.delete(pod.uid);
    const nowMs = this.#options.clock.wallTime();
    this.#observer.onBound(entry.attempts, nowMs - (entry.initialAttemptMs ?? nowMs));
    profile.postBind(state, pod, nodeName);
    const text = `Successfully assigned ${pod.key} to ${nodeName}`;
    this.#options.eventsOf(profile.name).event(pod.pod, 'Normal', 'Scheduled', text);
  }

  async #onMisfit(
    profile: Profile,
    entry: QueueEntry,
    pod: PodInfo,
    { state, diagnosis }: Extract<Choice, { kind: 'misfit' }>,
  ): Promise<void> {
    const { nodeCount, statuses, preFilterMessage } = diagnosis;
    const after = await profile.postFilter(state, pod, statuses);
    if (this.#stop.signal.aborted) return;
    if (after.nominatedNodeName !== null) this.#nominator.nominate(pod, after.nominatedNodeName);
    const misfit = { nodeCount, statuses, preFilterMessage, postFilterMessage: after.message };
    const text = misfitMessage(misfit);
    this.#unplaced.report(profile, entry, pod, {
      ...{ reason: 'Unschedulable', text, refusal: diagnosis },
      nominatedNodeName: after.nominatedNodeName,
    });
  }
}

/** A plugin has thrown. */
function failedChoice(error: unknown): Choice {
  if (error instanceof AssertionError) throw error;
  return { kind: 'failed', status: failure('', error) };
}
