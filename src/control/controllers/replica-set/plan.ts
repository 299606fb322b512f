import type { Pod } from '../../api/gen/core-v1.js';
import { inDeletionOrder, withPodsOnNode } from '../pods/index.js';

/** What is known of an object that keeps a number of equal pods. */
export interface ReplicasState {
  readonly replicas: number;
  /** Its own pods that have not ended and were not deleted. */
  readonly pods: readonly Pod[];
  /** Of all that have the same owner; read when some are too many. */
  readonly relatedPods: () => readonly Pod[];
  readonly nowMs: number;
  /** How many are made or deleted in one go at most. */
  readonly burst: number;
}

/** What is to be done. One of them at most is not nothing. */
export interface ReplicasPlan {
  readonly create: number;
  /** In this order. */
  readonly remove: readonly Pod[];
}

/** Pods to make, or to delete, until there are as many as wanted. */
export function planReplicas(state: ReplicasState): ReplicasPlan {
  const { replicas, pods, nowMs, burst } = state;
  const missing = replicas - pods.length;
  if (missing >= 0) return { create: Math.min(missing, burst), remove: [] };
  const count = Math.min(-missing, burst);
  // All of them: the order makes no difference.
  if (count === pods.length) return { create: 0, remove: pods };
  const ranked = withPodsOnNode(pods, state.relatedPods());
  return { create: 0, remove: inDeletionOrder(ranked, nowMs).slice(0, count) };
}
