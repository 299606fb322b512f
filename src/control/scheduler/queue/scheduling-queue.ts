import { assert } from '../../../base/assert.js';
import type { Clock, Timer } from '../../../base/clock.js';
import type { ClusterEvent } from '../framework/cluster-event.js';
import type { PodInfo } from '../framework/node-info.js';
import type { QueuedPod } from '../framework/plugin.js';
import { anyChange, type EventInterests, type RequeueHint } from './event-interests.js';
import { InFlightEvents } from './in-flight-events.js';
import { KeyedHeap } from './keyed-heap.js';
import { PausedPods } from './paused-pods.js';
import { QueueEntry } from './queue-entry.js';
import { RefusedPods } from './refused-pods.js';

/** What the queue asks of the profile that a pod belongs to. */
export interface QueueProfile {
  readonly interests: EventInterests;
  /** The plugin that does not let the pod into the active queue yet; null: none. */
  gateOf(pod: PodInfo): string | null;
}

/** What a queue is made with. */
export interface SchedulingQueueOptions {
  readonly clock: Clock;
  /** Order of the active queue; negative when `a` comes first. */
  readonly less: (a: QueuedPod, b: QueuedPod) => number;
  /** By `spec.schedulerName`. Pods of other schedulers do not get here. */
  readonly profiles: ReadonlyMap<string, QueueProfile>;
  /** Pauses of a pod that was refused: doubling from the first to the last. */
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Is told when there is something to take. */
  readonly onActive: () => void;
  /** Is told where pods came in and why, for metrics. */
  readonly onIncoming?: (queue: QueueName, event: string) => void;
}

/** Where pods wait. */
export type QueueName = 'active' | 'backoff' | 'unschedulable' | 'gated';

/** Why a pod comes back from a cycle without a node. */
export interface CycleRefusal {
  /** Plugins that refused it; empty, with an empty `waitsFor`: something failed. */
  readonly refusedBy: ReadonlySet<string>;
  readonly waitsFor: ReadonlySet<string>;
}

/** A pod that nothing has helped is tried again after so long: a hint may be wrong. */
const refusedMsMax = 300_000;
const flushIntervalMs = 30_000;

/**
 * Pods without a node: those to be tried now, those that pause after a failure, and those that wait for a change of the cluster that
 * helps. A pod is in one of them, or under way between {@link pop} and what ends that. When nothing else is to be tried, refused pods
 * whose turn an event has brought are tried before their pause is over. Memory: an entry a pod.
 */
export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #active: KeyedHeap<QueueEntry>;
  readonly #backoff: PausedPods;
  readonly #refused = new RefusedPods();
  readonly #underWay = new Map<string, QueueEntry>();
  readonly #inFlight = new InFlightEvents();
  #backoffTimer: Timer | null = null;
  #flushTimer: Timer | null = null;
  #isClosed = false;

  constructor(options: SchedulingQueueOptions) {
    const { less } = options;
    this.#options = options;
    this.#active = new KeyedHeap<QueueEntry>(({ info }) => info.uid, less);
    this.#backoff = new PausedPods((entry) => this.#dueMs(entry), less);
  }

  /** From now on pods that nothing has helped are tried again now and then. Until {@link close}. */
  open(): void {
    this.#scheduleFlush();
  }

  /** Pods by where they wait, for metrics. */
  get counts(): Readonly<Record<QueueName, number>> {
    let gated = 0;
    for (const { gatedBy } of this.#refused.values()) if (gatedBy !== null) gated++;
    return {
      active: this.#active.size,
      backoff: this.#backoff.size,
      unschedulable: this.#refused.size - gated,
      gated,
    };
  }

  /** How many pods a plugin has refused or holds back, for metrics. */
  refusedBy(plugin: string): number {
    return this.#refused.countOf(plugin);
  }

  /** A pod without a node is there. One that is known already is {@link update}d. */
  add(info: PodInfo): void {
    if (this.#find(info.uid) !== undefined) this.update(info, []);
    else this.#activate(new QueueEntry(info, this.#options.clock.wallTime()), 'PodAdd');
  }

  /** A pod has changed; `changes` are what of that may help it. One that is not known is added. */
  update(info: PodInfo, changes: readonly ClusterEvent[]): void {
    const entry = this.#find(info.uid);
    if (entry === undefined) {
      this.add(info);
      return;
    }
    const isActive = this.#active.remove(info.uid) !== undefined;
    entry.info = info;
    if (isActive) this.#active.push(entry);
    if (this.#underWay.has(info.uid)) for (const change of changes) this.#inFlight.record(change);
    if (this.#refused.get(info.uid) === undefined) return;
    for (const change of changes) {
      if (this.#maybeRequeue(entry, change)) return;
    }
  }

  /** The pod is gone, or has a node. */
  delete(uid: string): void {
    this.#active.remove(uid);
    this.#backoff.remove(uid);
    this.#refused.remove(uid);
    this.#underWay.delete(uid);
    this.#inFlight.end(uid);
  }

  /** The next pod to try; it is under way then. Null: none for now. */
  pop(): QueueEntry | null {
    const entry = this.#active.pop() ?? this.#popEarly();
    if (entry === null) return null;
    entry.attempts++;
    entry.initialAttemptMs ??= this.#options.clock.wallTime();
    this.#underWay.set(entry.info.uid, entry);
    this.#inFlight.begin(entry.info.uid);
    return entry;
  }

  /** Where the pod will run is settled: what happens from now on is not kept for it. It stays under way until it is deleted or comes back. */
  settle(uid: string): void {
    this.#inFlight.end(uid);
  }

  /** Its cycle has ended without a node. Ignored when it was deleted meanwhile. */
  putBack(entry: QueueEntry, { refusedBy, waitsFor }: CycleRefusal): void {
    const { uid } = entry.info;
    if (this.#underWay.get(uid) !== entry) return;
    const events = this.#inFlight.since(uid);
    this.#underWay.delete(uid);
    this.#inFlight.end(uid);
    entry.refusedBy = refusedBy;
    entry.waitsFor = waitsFor;
    entry.failedAtMs = this.#options.clock.now();
    if (refusedBy.size + waitsFor.size === 0) {
      entry.errors++;
      this.#pause(entry, 'ScheduleAttemptFailure');
      return;
    }
    entry.errors = 0;
    entry.refusals++;
    const hint = events === null ? 'after-pause' : this.#hintOfAll(entry, events);
    if (hint !== 'skip') {
      this.#requeue(entry, hint, 'ScheduleAttemptFailure');
      return;
    }
    this.#refused.add(entry);
    this.#options.onIncoming?.('unschedulable', 'ScheduleAttemptFailure');
  }

  /** Something has changed: pods that it may help come back. */
  onEvent(event: ClusterEvent): void {
    this.#inFlight.record(event);
    for (const plugin of [...this.#refused.plugins()]) {
      if (!this.#isConcerned(plugin, event)) continue;
      for (const entry of this.#refused.refusedBy(plugin)) this.#maybeRequeue(entry, event);
    }
  }

  /** Tries pods again at once that wait here; the others stay as they are. */
  activate(uids: readonly string[]): void {
    for (const uid of uids) {
      const entry = this.#backoff.remove(uid) ?? this.#refused.remove(uid);
      if (entry !== undefined) this.#activate(entry, 'ForceActivate');
    }
  }

  close(): void {
    const { clock } = this.#options;
    this.#isClosed = true;
    if (this.#backoffTimer !== null) clock.clearTimer(this.#backoffTimer);
    if (this.#flushTimer !== null) clock.clearTimer(this.#flushTimer);
  }

  #find(uid: string): QueueEntry | undefined {
    return (
      this.#active.get(uid) ??
      this.#backoff.get(uid) ??
      this.#refused.get(uid) ??
      this.#underWay.get(uid)
    );
  }

  #profileOf({ pod }: PodInfo): QueueProfile {
    const profile = this.#options.profiles.get(pod.spec?.schedulerName ?? '');
    assert(profile !== undefined, 'pods of other schedulers are not queued');
    return profile;
  }

  #isConcerned(plugin: string, event: ClusterEvent): boolean {
    for (const { interests } of this.#options.profiles.values())
      if (interests.concerns(plugin, event)) return true;
    return false;
  }

  /** True when the pod has left the refused ones. */
  #maybeRequeue(entry: QueueEntry, event: ClusterEvent): boolean {
    const { uid } = entry.info;
    if (this.#refused.get(uid) === undefined) return true;
    const { gatedBy } = entry;
    if (gatedBy !== null) {
      const { interests } = this.#profileOf(entry.info);
      if (!interests.concerns(gatedBy, event)) return false;
    }
    const hint = this.#hintOf(entry, event);
    if (hint === 'skip') return false;
    this.#refused.remove(uid);
    this.#requeue(entry, hint, eventName(event));
    return this.#refused.get(uid) === undefined;
  }

  #hintOfAll(entry: QueueEntry, events: readonly ClusterEvent[]): RequeueHint {
    let best: RequeueHint = 'skip';
    for (const event of events) {
      const hint = this.#hintOf(entry, event);
      if (hint === 'at-once') return hint;
      if (hint === 'after-pause') best = hint;
    }
    return best;
  }

  #hintOf(entry: QueueEntry, event: ClusterEvent): RequeueHint {
    const { interests } = this.#profileOf(entry.info);
    for (const plugin of entry.waitsFor)
      if (interests.helps(plugin, entry.info, event)) return 'at-once';
    const gate = entry.gatedBy === null ? [] : [entry.gatedBy];
    for (const plugin of [...entry.refusedBy, ...gate])
      if (interests.helps(plugin, entry.info, event)) return 'after-pause';
    return 'skip';
  }

  #requeue(entry: QueueEntry, hint: RequeueHint, reason: string): void {
    if (hint === 'at-once' || this.#dueMs(entry) <= this.#options.clock.now())
      this.#activate(entry, reason);
    else this.#pause(entry, reason);
  }

  #activate(entry: QueueEntry, reason: string): void {
    if (this.#isGated(entry)) return;
    entry.timestampMs = this.#options.clock.wallTime();
    this.#active.push(entry);
    this.#options.onIncoming?.('active', reason);
    this.#options.onActive();
  }

  /** Puts it aside if a plugin holds it back. */
  #isGated(entry: QueueEntry): boolean {
    entry.gatedBy = this.#profileOf(entry.info).gateOf(entry.info);
    if (entry.gatedBy === null) return false;
    this.#refused.add(entry);
    this.#options.onIncoming?.('gated', 'PreEnqueue');
    return true;
  }

  #pause(entry: QueueEntry, reason: string): void {
    const isEarlyAllowed = this.#backoff.push(entry);
    this.#scheduleBackoff();
    this.#options.onIncoming?.('backoff', reason);
    if (isEarlyAllowed) this.#options.onActive();
  }

  #popEarly(): QueueEntry | null {
    for (let entry = this.#backoff.popEarly(); entry; entry = this.#backoff.popEarly())
      if (!this.#isGated(entry)) return entry;
    return null;
  }

  /** When its pause is over. */
  #dueMs({ failedAtMs, refusals, errors }: QueueEntry): number {
    const { initialBackoffMs, maxBackoffMs } = this.#options;
    const failures = errors > 0 ? errors : refusals;
    if (failures === 0) return 0;
    return failedAtMs + Math.min(maxBackoffMs, initialBackoffMs * 2 ** (failures - 1));
  }

  #scheduleBackoff(): void {
    const { clock } = this.#options;
    if (this.#backoffTimer !== null) clock.clearTimer(this.#backoffTimer);
    this.#backoffTimer = null;
    const first = this.#backoff.peek();
    if (first === undefined || this.#isClosed) return;
    const delayMs = Math.max(0, this.#dueMs(first) - clock.now());
    this.#backoffTimer = clock.setTimer(delayMs, () => this.#endPauses());
  }

  #endPauses(): void {
    const nowMs = this.#options.clock.now();
    for (let first = this.#backoff.peek(); first !== undefined; first = this.#backoff.peek()) {
      if (this.#dueMs(first) > nowMs) break;
      this.#backoff.remove(first.info.uid);
      this.#activate(first, 'BackoffComplete');
    }
    this.#scheduleBackoff();
  }

  #scheduleFlush(): void {
    this.#flushTimer = this.#options.clock.setTimer(flushIntervalMs, () => {
      this.#flush();
      this.#scheduleFlush();
    });
  }

  #flush(): void {
    const oldMs = this.#options.clock.now() - refusedMsMax;
    for (const entry of [...this.#refused.values()]) {
      const wasTried = entry.refusals > 0;
      if (wasTried && entry.failedAtMs <= oldMs) this.#maybeRequeue(entry, anyChange);
    }
  }
}

function eventName({ resource, action }: ClusterEvent): string {
  const words = action.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return resource === '*' ? 'UnschedulableTimeout' : `${resource}${words.join('')}`;
}
