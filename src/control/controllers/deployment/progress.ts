import type { Deployment, DeploymentCondition, DeploymentStatus } from '../../api/gen/apps-v1.js';
import { formatTime, parseTime } from '../../machinery/time.js';
import { withCondition, withoutCondition } from '../pods/index.js';

/** Type of the condition that tells whether a rollout goes on. */
export const progressing = 'Progressing';
const noDeadline = 2 ** 31 - 1;

/** Reasons of {@link progressing} that the API fixes. */
export const progressReasons = {
  created: 'NewReplicaSetCreated',
  found: 'FoundNewReplicaSet',
  updated: 'ReplicaSetUpdated',
  available: 'NewReplicaSetAvailable',
  createError: 'ReplicaSetCreateError',
  timedOut: 'ProgressDeadlineExceeded',
  paused: 'DeploymentPaused',
  resumed: 'DeploymentResumed',
} as const;

/** A rollout that does not go on is told of, after a time. */
export function hasProgressDeadline({ spec }: Deployment): boolean {
  return (spec?.progressDeadlineSeconds ?? noDeadline) !== noDeadline;
}

/** A condition of a Deployment that begins now. */
export function deploymentCondition(
  fields: Required<Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>>,
  nowMs: number,
): DeploymentCondition {
  const time = formatTime(nowMs);
  return { ...fields, lastUpdateTime: time, lastTransitionTime: time };
}

/** The conditions, with a note of a pause that began or ended; so that time in a pause is not held against a rollout. */
export function withPause(
  deployment: Deployment,
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): readonly DeploymentCondition[] {
  if (!hasProgressDeadline(deployment)) return conditions;
  const reason = conditions.find(({ type }) => type === progressing)?.reason;
  if (reason === progressReasons.timedOut) return conditions;
  const isPaused = deployment.spec?.paused === true;
  if (isPaused === (reason === progressReasons.paused)) return conditions;
  return withCondition(
    conditions,
    deploymentCondition(
      {
        type: progressing,
        status: 'Unknown',
        reason: isPaused ? progressReasons.paused : progressReasons.resumed,
        message: isPaused ? 'Deployment is paused' : 'Deployment is resumed',
      },
      nowMs,
    ),
  );
}

/** All pods are of the current template and available, and the controller has seen the last change. */
export function isComplete({ spec, metadata }: Deployment, status: DeploymentStatus): boolean {
  const replicas = spec?.replicas ?? 1;
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  );
}

/** What {@link withProgress} looks at. */
export interface ProgressFacts {
  readonly deployment: Deployment;
  /** With the new counts. */
  readonly status: DeploymentStatus;
  /** The ReplicaSet of the current template. */
  readonly currentName: string | null;
  readonly nowMs: number;
}

/** The conditions of `status`, with how the rollout goes: complete, further than before, or too late. */
export function withProgress(facts: ProgressFacts): readonly DeploymentCondition[] {
  const { deployment, status, currentName, nowMs } = facts;
  const conditions = status.conditions ?? [];
  if (!hasProgressDeadline(deployment)) return withoutCondition(conditions, progressing);
  const condition = conditions.find(({ type }) => type === progressing);
  const isDone =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) &&
    condition?.reason === progressReasons.available;
  if (isDone) return conditions;
  const subject =
    currentName === null
      ? `Deployment "${deployment.metadata.name ?? ''}"`
      : `ReplicaSet "${currentName}"`;
  const told = (reason: string, status: string, text: string) =>
    deploymentCondition(
      { type: progressing, status, reason, message: `${subject} ${text}` },
      nowMs,
    );
  if (isComplete(deployment, status)) {
    const text = 'has successfully progressed.';
    return withCondition(conditions, told(progressReasons.available, 'True', text));
  }
  if (isFurther(deployment.status ?? {}, status)) {
    const next = told(progressReasons.updated, 'True', 'is progressing.');
    // Told anew even when it says the same: the deadline counts from its time.
    const since = condition?.status === 'True' ? condition.lastTransitionTime : undefined;
    return [
      ...withoutCondition(conditions, progressing),
      since === undefined ? next : { ...next, lastTransitionTime: since },
    ];
  }
  if (!isTooLate(deployment, condition, nowMs)) return conditions;
  return withCondition(
    conditions,
    told(progressReasons.timedOut, 'False', 'has timed out progressing.'),
  );
}

/** When to look whether the deadline has passed; null when it does not matter. */
export function progressCheckInMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | null {
  const condition = status.conditions?.find(({ type }) => type === progressing);
  if (!hasProgressDeadline(deployment) || condition === undefined) return null;
  const { timedOut, available } = progressReasons;
  const isOver = condition.reason === timedOut || condition.reason === available;
  if (isOver || isComplete(deployment, status)) return null;
  const dueMs = deadlineMs(deployment, condition);
  // A second later, since times are told in whole seconds.
  return dueMs === null ? null : Math.max(0, dueMs - nowMs) + 1000;
}

function isFurther(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const oldOf = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) =>
    replicas - updatedReplicas;
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldOf(after) < oldOf(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTooLate(
  deployment: Deployment,
  condition: DeploymentCondition | undefined,
  nowMs: number,
): boolean {
  // A rollout that was complete once is over, whatever becomes of its pods.
  if (condition === undefined || condition.reason === progressReasons.available) return false;
  if (condition.reason === progressReasons.timedOut) return true;
  const dueMs = deadlineMs(deployment, condition);
  return dueMs !== null && dueMs < nowMs;
}

function deadlineMs({ spec }: Deployment, { lastUpdateTime }: DeploymentCondition): number | null {
  const fromMs = parseTime(lastUpdateTime ?? '');
  return fromMs === null ? null : fromMs + (spec?.progressDeadlineSeconds ?? noDeadline) * 1000;
}
