import type {
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
  ReplicaSetCondition,
} from '../../api/gen/apps-v1.js';
import { withCondition, withoutCondition } from '../pods/index.js';
import { deploymentCondition } from './progress.js';
import { totalReplicas } from './replica-sets.js';
import type { Rollout } from './rollout.js';

const replicaFailure = 'ReplicaFailure';

/** The counts of a rollout, and whether enough pods are available; the other conditions are those given. */
export function countedStatus(
  rollout: Rollout,
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): DeploymentStatus {
  const { deployment, current, all, bounds } = rollout;
  const available = sum(all, 'availableReplicas');
  const terminating = all.every(({ status }) => status?.terminatingReplicas !== undefined);
  const { collisionCount } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(all, 'replicas'),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum(all, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalReplicas(all) - available),
    ...(terminating ? { terminatingReplicas: sum(all, 'terminatingReplicas') } : {}),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withAvailability(
      conditions,
      available >= bounds.replicas - bounds.unavailable,
      nowMs,
    ),
  };
}

function sum(
  sets: readonly ReplicaSet[],
  field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas',
): number {
  return sets.reduce((total, { status }) => total + (status?.[field] ?? 0), 0);
}

function withAvailability(
  conditions: readonly DeploymentCondition[],
  isEnough: boolean,
  nowMs: number,
): DeploymentCondition[] {
  return withCondition(
    conditions,
    deploymentCondition(
      {
        type: 'Available',
        status: isEnough ? 'True' : 'False',
        reason: isEnough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
        message: isEnough
          ? 'Deployment has minimum availability.'
          : 'Deployment does not have minimum availability.',
      },
      nowMs,
    ),
  );
}

/** The conditions, with the failure to make pods that a ReplicaSet tells of: the current one's before those of others. */
export function withReplicaFailure(
  conditions: readonly DeploymentCondition[],
  { current, all }: Rollout,
): readonly DeploymentCondition[] {
  const sets = current === null ? all : [current, ...all];
  const failure = sets
    .flatMap(({ status }) => status?.conditions ?? [])
    .find(({ type }) => type === replicaFailure);
  return failure === undefined
    ? withoutCondition(conditions, replicaFailure)
    : withCondition(conditions, asDeploymentCondition(failure));
}

function asDeploymentCondition(condition: ReplicaSetCondition): DeploymentCondition {
  const { lastTransitionTime } = condition;
  return lastTransitionTime === undefined
    ? condition
    : { ...condition, lastUpdateTime: lastTransitionTime };
}
