import type { ReplicaSet } from '../../api/gen/apps-v1.js';
import {
  desiredReplicasAnnotation,
  integerAnnotation,
  maxReplicasAnnotation,
} from './annotations.js';
import { activeSets, byAge, replicasOf, totalReplicas } from './replica-sets.js';
import type { Rollout } from './rollout.js';

/** The Deployment was scaled since its ReplicaSets were. */
export function wasScaled({ all, bounds }: Rollout): boolean {
  return activeSets(all).some((set) => {
    const desired = integerAnnotation(set, desiredReplicasAnnotation);
    return desired !== null && desired !== bounds.replicas;
  });
}

/**
 * Brings the ReplicaSets to the Deployment's size without going on with the rollout: the only active one (or the newest) gets all; what
 * is left of others goes when the current one is complete; in the middle of a rollout each gets its share.
 */
export function scaleStep(rollout: Rollout): void {
  const { bounds } = rollout;
  const only = onlyActiveOrNewest(rollout);
  if (only !== null) {
    rollout.scale(only, bounds.replicas);
  } else if (isSaturated(rollout)) {
    for (const set of activeSets(rollout.old)) rollout.scale(set, 0);
  } else if (bounds.isRolling) {
    scaleProportionally(rollout);
  }
}

/** Null: there are several that want pods, or none at all. */
function onlyActiveOrNewest({ current, old, all }: Rollout): ReplicaSet | null {
  const active = activeSets(all);
  if (active.length > 1) return null;
  return active[0] ?? current ?? old.at(-1) ?? null;
}

/** All pods that are wanted are there and of the current template. */
function isSaturated({ current, bounds }: Rollout): boolean {
  if (current === null) return false;
  const desired = integerAnnotation(current, desiredReplicasAnnotation);
  return (
    replicasOf(current) === bounds.replicas &&
    desired === bounds.replicas &&
    (current.status?.availableReplicas ?? 0) === bounds.replicas
  );
}

function scaleProportionally(rollout: Rollout): void {
  const { replicas, surge } = rollout.bounds;
  const active = activeSets(rollout.all);
  const sizeMax = replicas > 0 ? replicas + surge : 0;
  const toAdd = sizeMax - totalReplicas(active);
  // What rounding leaves goes to the largest; of equal ones to the newest when growing, to the oldest when shrinking.
  const sets = [...active].sort(
    (a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)),
  );
  let added = 0;
  const sizes = sets.map((set) => {
    const share = shareOf(set, rollout, toAdd, added);
    added += share;
    return replicasOf(set) + share;
  });
  sets.forEach((set, at) => {
    const rest = at === 0 ? toAdd - added : 0;
    rollout.scale(set, Math.max(0, (sizes[at] ?? 0) + rest));
  });
}

/** What one gets of what is to be added (or lost, when negative), as large a part of it as it is of the Deployment. */
function shareOf(set: ReplicaSet, rollout: Rollout, toAdd: number, added: number): number {
  const left = toAdd - added;
  if (toAdd === 0 || left === 0) return 0;
  const share = growthOf(set, rollout);
  return toAdd > 0 ? Math.min(share, left) : Math.max(share, left);
}

function growthOf(set: ReplicaSet, { bounds, deployment }: Rollout): number {
  const size = replicasOf(set);
  if (bounds.replicas === 0) return -size;
  const sizeMaxBefore =
    integerAnnotation(set, maxReplicasAnnotation) || (deployment.status?.replicas ?? 0);
  if (sizeMaxBefore === 0) return 0;
  const exact = (size * (bounds.replicas + bounds.surge)) / sizeMaxBefore;
  return Math.round(exact) - size;
}
