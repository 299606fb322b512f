import type { ReplicaSet } from '../../api/gen/apps-v1.js';
import {
  activeSets,
  availableOf,
  isObserved,
  replicasOf,
  totalAvailable,
  totalReplicas,
} from './replica-sets.js';
import type { Rollout } from './rollout.js';

/** One step of a rolling update: the current ReplicaSet grows as far as the bounds allow, or else the others shrink so far. */
export function rollStep(rollout: Rollout): void {
  const { current, bounds } = rollout;
  if (current === null) {
    rollout.createCurrent();
    return;
  }
  const had = replicasOf(current);
  const wanted = had > bounds.replicas ? bounds.replicas : rollout.currentReplicasAllowed();
  if (wanted !== had) rollout.scale(current, wanted);
  else shrinkOld(rollout);
}

/**
 * Takes pods of former templates away: first those that are not available anyhow, which make nothing worse, then as many available ones
 * as may lack. Pods of the current template that are not available yet count as lacking.
 */
function shrinkOld(rollout: Rollout): void {
  const { current, bounds, all } = rollout;
  if (current === null || totalReplicas(rollout.old) === 0) return;
  if (!all.every(isObserved)) return;
  const availableMin = bounds.replicas - bounds.unavailable;
  const currentLacking = replicasOf(current) - availableOf(current);
  const removable = totalReplicas(all) - availableMin - currentLacking;
  if (removable <= 0) return;
  const spare = totalAvailable(all) - availableMin;
  const removed = shrink(rollout, removable, (set) => replicasOf(set) - availableOf(set));
  shrink(rollout, Math.min(spare, removable - removed), replicasOf);
}

/** Takes `countMax` pods away, and of each former ReplicaSet, oldest first, what `countOf` says. Returns how many were taken. */
function shrink(rollout: Rollout, countMax: number, countOf: (set: ReplicaSet) => number): number {
  let left = Math.max(0, countMax);
  for (const set of activeSets(rollout.old)) {
    const count = Math.min(left, countOf(set));
    if (count === 0) continue;
    rollout.scale(set, replicasOf(set) - count);
    left -= count;
  }
  return Math.max(0, countMax) - left;
}
