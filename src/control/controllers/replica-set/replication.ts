import type { PodTemplateSpec } from '../../api/gen/core-v1.js';
import type { ApiResource } from '../../client/index.js';
import type { LabelSelector } from '../../machinery/label-selector.js';
import type { KubeObject } from '../../machinery/object.js';

/** What an object says that keeps a number of equal pods. */
export interface Replication {
  readonly replicas: number;
  readonly minReadySeconds: number;
  readonly selector: LabelSelector;
  readonly template: PodTemplateSpec;
}

/** A condition of a {@link ReplicationStatus}. */
export interface ReplicationCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** What the status of such an object tells. */
export interface ReplicationStatus {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly ReplicationCondition[];
}

/** An object that keeps a number of equal pods. */
export interface ReplicationObject extends KubeObject {
  readonly status?: object;
}

/** A kind of objects that keep a number of equal pods: ReplicaSet, and ReplicationController. */
export interface ReplicationKind<T extends ReplicationObject> {
  readonly resource: ApiResource<T>;
  /** As kube-controller-manager names it. */
  readonly controllerName: string;
  /** As metrics name its queue. */
  readonly queueName: string;
  /** What the object wants. Its selector selects nothing when it is not valid. */
  read(object: T): Replication;
  /** Whether its status tells how many of its pods are ending. */
  readonly countsTerminating: boolean;
}
