import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '../../api/gen/apps-v1.js';
import { withCondition } from '../pods/index.js';
import { revisionAnnotation } from './annotations.js';
import {
  deploymentCondition,
  hasProgressDeadline,
  isComplete,
  progressCheckInMs,
  progressing,
  progressReasons,
  withPause,
  withProgress,
} from './progress.js';
import { recreateStep } from './recreate.js';
import { byRevision, replicasOf } from './replica-sets.js';
import { rollStep } from './rolling.js';
import { Rollout, type SetChange } from './rollout.js';
import { scaleStep, wasScaled } from './scale.js';
import { countedStatus, withReplicaFailure } from './status.js';

/** What is known of a Deployment. */
export interface DeploymentState {
  readonly deployment: Deployment;
  /** Its own. */
  readonly replicaSets: readonly ReplicaSet[];
  /** Pods of a ReplicaSet have not ended, those that are being deleted included. Asked when the strategy is Recreate. */
  readonly hasRunningPods: (set: ReplicaSet) => boolean;
  readonly nowMs: number;
}

/** What is to be done, in this order: each write once those before it have succeeded. */
export interface DeploymentPlan {
  readonly changes: readonly SetChange[];
  /** ReplicaSets that are history, and too old. */
  readonly deletions: readonly ReplicaSet[];
  /** What the Deployment tells then. */
  readonly status: DeploymentStatus;
  /** What it tells then of which of its templates is the current one; null: nothing new. */
  readonly revision: string | null;
  /** When to look again though nothing has happened. */
  readonly wakeInMs: number | null;
}

const historyForever = 2 ** 31 - 1;

/** The next step of a Deployment. */
export function planDeployment(state: DeploymentState): DeploymentPlan {
  const { deployment, replicaSets, hasRunningPods, nowMs } = state;
  const rollout = new Rollout(deployment, replicaSets);
  const told = deployment.status?.conditions ?? [];
  if (deployment.metadata.deletionTimestamp !== undefined) {
    return statusAlone(rollout, told, nowMs);
  }
  const hadCurrent = rollout.current !== null;
  rollout.updateCurrent();
  const isPaused = deployment.spec?.paused === true;
  const isStill = isPaused || wasScaled(rollout);
  if (isStill) scaleStep(rollout);
  else if (rollout.bounds.isRolling) rollStep(rollout);
  else recreateStep(rollout, hasRunningPods);
  const conditions = withCurrent(rollout, withPause(deployment, told, nowMs), hadCurrent, nowMs);
  const counted = countedStatus(rollout, conditions, nowMs);
  const status = isStill ? counted : withRolloutConditions(rollout, counted, nowMs);
  const isTidy = isPaused || isComplete(deployment, deployment.status ?? {});
  return {
    changes: rollout.changes,
    deletions: isTidy && rollout.changes.length === 0 ? expired(rollout) : [],
    status,
    revision: revisionToTell(rollout),
    wakeInMs: isStill ? null : progressCheckInMs(deployment, status, nowMs),
  };
}

function statusAlone(
  rollout: Rollout,
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): DeploymentPlan {
  const status = countedStatus(rollout, conditions, nowMs);
  return { changes: [], deletions: [], status, revision: null, wakeInMs: null };
}

/** The conditions, with a ReplicaSet that was made for the current template, or that was found when nothing was told of it yet. */
function withCurrent(
  { deployment, current }: Rollout,
  conditions: readonly DeploymentCondition[],
  hadCurrent: boolean,
  nowMs: number,
): readonly DeploymentCondition[] {
  if (current === null || !hasProgressDeadline(deployment)) return conditions;
  if (hadCurrent && conditions.some(({ type }) => type === progressing)) return conditions;
  const name = current.metadata.name ?? '';
  return withCondition(
    conditions,
    deploymentCondition(
      {
        type: progressing,
        status: 'True',
        reason: hadCurrent ? progressReasons.found : progressReasons.created,
        message: `${hadCurrent ? 'Found' : 'Created'} new replica set "${name}"`,
      },
      nowMs,
    ),
  );
}

function withRolloutConditions(
  rollout: Rollout,
  counted: DeploymentStatus,
  nowMs: number,
): DeploymentStatus {
  const { deployment, current } = rollout;
  const currentName = current?.metadata.name ?? null;
  const conditions = withProgress({ deployment, status: counted, currentName, nowMs });
  return { ...counted, conditions: [...withReplicaFailure(conditions, rollout)] };
}

/** Former ReplicaSets beyond the limit, lowest revision first: those that have no pods, and whose controller knows it. */
function expired({ deployment, old }: Rollout): readonly ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? historyForever;
  if (limit === historyForever) return [];
  const alive = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return [...alive]
    .sort(byRevision)
    .slice(0, Math.max(0, alive.length - limit))
    .filter(
      (set) =>
        replicasOf(set) === 0 &&
        (set.status?.replicas ?? 0) === 0 &&
        (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    );
}

function revisionToTell({ deployment, current }: Rollout): string | null {
  const revision = current?.metadata.annotations?.[revisionAnnotation];
  if (revision === undefined) return null;
  return deployment.metadata.annotations?.[revisionAnnotation] === revision ? null : revision;
}
