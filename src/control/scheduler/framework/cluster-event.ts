import type { KubeObject } from '../../machinery/object.js';
import type { PodInfo } from './node-info.js';

/** What changed, in the words of Kubernetes' scheduling framework. */
export type EventResource =
  | 'Pod'
  | 'AssignedPod'
  | 'UnscheduledPod'
  | 'Node'
  | 'PersistentVolume'
  | 'PersistentVolumeClaim'
  | 'StorageClass'
  | 'CSINode'
  | 'CSIDriver'
  | 'CSIStorageCapacity'
  | 'VolumeAttachment'
  | 'ResourceClaim'
  | 'ResourceSlice'
  | 'DeviceClass'
  | 'Namespace'
  | '*';

/** How it changed; nodes and pods tell which part. */
export type EventAction =
  | 'add'
  | 'delete'
  | 'update'
  | 'update-node-allocatable'
  | 'update-node-label'
  | 'update-node-taint'
  | 'update-node-condition'
  | 'update-node-annotation'
  | 'update-pod-label'
  | 'update-pod-scale-down'
  | 'update-pod-toleration'
  | 'update-pod-scheduling-gates-eliminated';

/** A change of the cluster that may let waiting pods fit. */
export interface ClusterEvent {
  readonly resource: EventResource;
  readonly action: EventAction;
  readonly before: KubeObject | null;
  readonly after: KubeObject | null;
}

/** Changes that a plugin wants its refused pods to be tried again for. */
export interface ClusterEventInterest {
  readonly resource: EventResource;
  readonly actions: readonly EventAction[];
  /** Whether this change can help this pod; absent: always. `queue` tries it again, `skip` leaves it. */
  readonly hint?: (pod: PodInfo, event: ClusterEvent) => 'queue' | 'skip';
}
