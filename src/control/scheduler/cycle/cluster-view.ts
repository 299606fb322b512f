import { isPodTerminal } from '../../api/core-v1/pod/pod-state.js';
import type { Pod } from '../../api/gen/core-v1.js';
import {
  type ApiResource,
  type ChangeHandler,
  resources,
  type SharedInformers,
} from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import type { SchedulerCache } from '../cache/scheduler-cache.js';
import type { ClusterEvent, EventResource } from '../framework/cluster-event.js';
import { PodInfoMaker } from '../framework/pod-info.js';
import type { Nominator } from '../queue/nominator.js';
import type { SchedulingQueue } from '../queue/scheduling-queue.js';
import type { WaitingPods } from '../runtime/waiting-pods.js';
import { nodeChanges, podChanges } from './changes.js';

/** What the API's changes are brought into. */
export interface ClusterViewParts {
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly nominator: Nominator;
  readonly waiting: WaitingPods;
  /** Whether a pod is this scheduler's, by its `spec.schedulerName`. */
  readonly isOurs: (schedulerName: string) => boolean;
}

/** Resources beside pods and nodes whose changes plugins may ask for. */
const others: Readonly<Partial<Record<EventResource, ApiResource>>> = {
  PersistentVolume: resources.persistentVolumes as ApiResource,
  PersistentVolumeClaim: resources.persistentVolumeClaims as ApiResource,
  StorageClass: resources.storageClasses as ApiResource,
  CSINode: resources.csiNodes as ApiResource,
  CSIDriver: resources.csiDrivers as ApiResource,
  CSIStorageCapacity: resources.csiStorageCapacities as ApiResource,
  VolumeAttachment: resources.volumeAttachments as ApiResource,
  ResourceClaim: resources.resourceClaims as ApiResource,
  ResourceSlice: resources.resourceSlices as ApiResource,
  DeviceClass: resources.deviceClasses as ApiResource,
  Namespace: resources.namespaces as ApiResource,
};

/** Brings what the API shows into cache and queue: each pod is in the one or in the other, or gone. */
export class ClusterView {
  readonly #parts: ClusterViewParts;
  readonly #infos = new PodInfoMaker();

  constructor(parts: ClusterViewParts) {
    this.#parts = parts;
  }

  /** Follows the API from now on, with what plugins ask for. */
  follow(informers: SharedInformers, wanted: ReadonlySet<EventResource>): void {
    const { cache, queue } = this.#parts;
    informers.of(resources.nodes).addHandler({
      onAdd: (node) => {
        cache.setNode(node);
        queue.onEvent({ resource: 'Node', action: 'add', before: null, after: node });
      },
      onUpdate: (before, after) => {
        cache.setNode(after);
        for (const event of nodeChanges(before, after)) queue.onEvent(event);
      },
      onDelete: (node) => {
        cache.removeNode(node.metadata.name ?? '');
        queue.onEvent({ resource: 'Node', action: 'delete', before: node, after: null });
      },
    });
    informers.of(resources.pods).addHandler({
      onAdd: (pod) => this.onPod(null, pod),
      onUpdate: (before, after) => this.onPod(before, after),
      onDelete: (pod) => this.onPodGone(pod),
    });
    for (const [resource, of] of Object.entries(others)) {
      const isWanted = wanted.has('*') || wanted.has(resource as EventResource);
      if (isWanted) informers.of(of).addHandler(this.#teller(resource as EventResource));
    }
  }

  /** A pod is there, or has changed. */
  onPod(before: Pod | null, pod: Pod): void {
    const { cache, isOurs } = this.#parts;
    if (isPodTerminal(pod)) this.onPodGone(pod);
    else if ((pod.spec?.nodeName ?? '') !== '') this.#onAssigned(before, pod);
    // What the scheduler has decided is not undone by an older state.
    else if (isOurs(pod.spec?.schedulerName ?? '') && !cache.isAssumed(pod.metadata.uid ?? ''))
      this.#onUnscheduled(before, pod);
  }

  /** A pod is gone, or has ended and uses nothing any more. */
  onPodGone(pod: Pod): void {
    const { cache, queue, nominator, waiting } = this.#parts;
    const { uid = '' } = pod.metadata;
    const heldRoom = cache.hasPod(uid) || nominator.nodeOf(uid) !== '';
    queue.delete(uid);
    nominator.clear(uid);
    waiting.reject(uid, 'removed');
    cache.removePod(uid);
    if (heldRoom)
      queue.onEvent({ resource: 'AssignedPod', action: 'delete', before: pod, after: null });
  }

  #onAssigned(before: Pod | null, pod: Pod): void {
    const { cache, queue, nominator } = this.#parts;
    const { uid = '' } = pod.metadata;
    const wasPlaced = cache.hasPod(uid) && !cache.isAssumed(uid);
    cache.setPod(this.#infos.make(pod));
    queue.delete(uid);
    nominator.clear(uid);
    if (!wasPlaced || before === null)
      queue.onEvent({ resource: 'AssignedPod', action: 'add', before: null, after: pod });
    else for (const event of podChanges('AssignedPod', before, pod)) queue.onEvent(event);
  }

  #onUnscheduled(before: Pod | null, pod: Pod): void {
    const { queue, nominator } = this.#parts;
    const info = this.#infos.make(pod);
    const nominated = pod.status?.nominatedNodeName ?? '';
    const nominatedBefore = before?.status?.nominatedNodeName ?? '';
    // A promise that was not written yet stays.
    if (nominated !== nominatedBefore) nominator.nominate(info, nominated);
    else nominator.update(info);
    if (before === null) queue.add(info);
    else queue.update(info, podChanges('UnscheduledPod', before, pod));
  }

  #teller(resource: EventResource): ChangeHandler<KubeObject> {
    const tell = (event: Omit<ClusterEvent, 'resource'>) =>
      this.#parts.queue.onEvent({ resource, ...event });
    return {
      onAdd: (after) => tell({ action: 'add', before: null, after }),
      onUpdate: (before, after) => tell({ action: 'update', before, after }),
      onDelete: (before) => tell({ action: 'delete', before, after: null }),
    };
  }
}
