import type { Logger } from '../../../base/logger.js';
import type { Pod } from '../../api/gen/core-v1.js';
import type { EventRecorder, Lister } from '../../client/index.js';
import type { PodInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';
import type { QueueEntry } from '../queue/queue-entry.js';
import type { CycleRefusal, SchedulingQueue } from '../queue/scheduling-queue.js';
import { isRefusal, messageOf } from '../runtime/named-status.js';
import type { Profile } from '../runtime/profile.js';
import type { Diagnosis } from './choose-node.js';
import type { ClusterView } from './cluster-view.js';
import { noNodesMessage, truncateNote } from './failure-message.js';
import type { PodStatusWriter } from './pod-status-writer.js';

/** What is told by. */
export interface UnplacedPodsParts {
  readonly queue: SchedulingQueue;
  readonly view: ClusterView;
  readonly statuses: PodStatusWriter;
  /** Pods as the API shows them. */
  readonly pods: Lister<Pod>;
  readonly eventsOf: (profileName: string) => EventRecorder;
  readonly logger: Logger;
}

/** Pods whose cycle has ended without a node: each goes back into the queue, and its event and condition say why. */
export class UnplacedPods {
  readonly #parts: UnplacedPodsParts;

  constructor(parts: UnplacedPodsParts) {
    this.#parts = parts;
  }

  /** There are no nodes. */
  noNodes(profile: Profile, entry: QueueEntry, pod: PodInfo): void {
    // A node that comes is what every filter waits for.
    const refusedBy = new Set(profile.points.filter.map(({ name }) => name));
    const refusal = { refusedBy, waitsFor: new Set<string>() };
    const reason = 'Unschedulable';
    this.report(profile, entry, pod, {
      ...{ reason, text: noNodesMessage, refusal, nominatedNodeName: '' },
    });
  }

  /** Something failed, or refused the pod after a node had been chosen. */
  failed(
    profile: Profile,
    entry: QueueEntry,
    pod: PodInfo,
    status: PluginStatus,
    nominatedNodeName: string | null,
  ): void {
    const names = new Set(status.plugin === undefined ? [] : [status.plugin]);
    const isRefused = isRefusal(status);
    const isWaiting = status.code === 'wait';
    const refusal = {
      refusedBy: isRefused && !isWaiting ? names : new Set<string>(),
      waitsFor: isWaiting ? names : new Set<string>(),
    };
    const reason = isRefused ? 'Unschedulable' : 'SchedulerError';
    const text = messageOf(status);
    if (!isRefused) this.#parts.logger.warn('a pod was not placed', { pod: pod.key, error: text });
    this.report(profile, entry, pod, { reason, text, refusal, nominatedNodeName });
  }

  /** Puts the pod back, and tells why. */
  report(
    profile: Profile,
    entry: QueueEntry,
    pod: PodInfo,
    {
      reason,
      text,
      refusal,
      nominatedNodeName,
    }: {
      readonly reason: string;
      readonly text: string;
      readonly refusal: CycleRefusal | Diagnosis;
      readonly nominatedNodeName: string | null;
    },
  ): void {
    const current = this.#parts.pods.byKey(pod.key);
    this.#parts.queue.putBack(entry, refusal);
    const events = this.#parts.eventsOf(profile.name);
    if (current === undefined || current.metadata.uid !== pod.uid) return;
    if ((current.spec?.nodeName ?? '') !== '') return;
    // While it was placed its changes were not looked at.
    if (current !== pod.pod) this.#parts.view.onPod(pod.pod, current);
    events.event(pod.pod, 'Warning', 'FailedScheduling', truncateNote(text));
    this.#parts.statuses.write(current, { reason, message: text, nominatedNodeName });
  }
}
