import type { ReplicaSet } from '../../api/gen/apps-v1.js';
import { activeSets, isObserved } from './replica-sets.js';
import type { Rollout } from './rollout.js';

/**
 * One step of a rollout that ends all pods before it makes new ones. `hasRunningPods` tells whether pods of a ReplicaSet have not ended
 * yet, those that are being deleted included.
 */
export function recreateStep(rollout: Rollout, hasRunningPods: (set: ReplicaSet) => boolean): void {
  const active = activeSets(rollout.old);
  if (active.length > 0) {
    for (const set of active) rollout.scale(set, 0);
    return;
  }
  if (rollout.old.some((set) => !hasStopped(set) || hasRunningPods(set))) return;
  if (rollout.current === null) rollout.createCurrent();
  else rollout.scale(rollout.current, rollout.bounds.replicas);
}

/** Its controller has seen that it wants no pods, and has deleted them all: none that is not listed yet can be left. */
function hasStopped(set: ReplicaSet): boolean {
  if (set.metadata.deletionTimestamp !== undefined) return true;
  return isObserved(set) && (set.status?.replicas ?? 0) === 0;
}
