import type { StatefulSet } from '../../api/gen/apps-v1.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { intOrPercent } from '../pods/index.js';
import { revisionLabel } from './identity.js';
import type { PodSteps, StatefulState } from './plan.js';
import { isCreated, isRunningAndAvailable, isTerminating } from './pod-progress.js';

/**
 * The pods that a rolling update deletes now, so that they come back of the new template: from the highest ordinal down to the
 * partition, as many as may be unavailable at a time. Those that are not available anyhow make nothing worse.
 */
export function planUpdate(state: StatefulState, replicas: readonly Pod[]): readonly PodSteps[] {
  const { set, update, nowMs } = state;
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if ((type ?? 'RollingUpdate') !== 'RollingUpdate') return [];
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const isAvailable = (pod: Pod) =>
    !isTerminating(pod) && isRunningAndAvailable(pod, minReadySeconds, nowMs);
  const outdated = replicas
    .slice(rollingUpdate?.partition ?? 0)
    .filter(
      (pod) =>
        isCreated(pod) &&
        !isTerminating(pod) &&
        pod.metadata.labels?.[revisionLabel] !== update.revision,
    )
    .reverse();
  const unavailable = replicas.filter((pod) => !isAvailable(pod)).length;
  const budget = Math.max(0, maxUnavailable(set) - unavailable);
  const chosen = [
    ...outdated.filter((pod) => !isAvailable(pod)),
    ...outdated.filter(isAvailable).slice(0, budget),
  ];
  return chosen.map((pod) => [{ kind: 'delete-pod', pod }]);
}

/** At least one, or an update would never begin. */
function maxUnavailable({ spec }: StatefulSet): number {
  const value = spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  return Math.max(1, intOrPercent(value, spec?.replicas ?? 1, 'up'));
}
