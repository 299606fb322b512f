import type { StatefulSet, StatefulSetStatus } from '../../api/gen/apps-v1.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { revisionLabel } from './identity.js';
import {
  isCreated,
  isRunningAndAvailable,
  isRunningAndReady,
  isTerminating,
} from './pod-progress.js';

/** What a status is made of. */
export interface StatefulStatusFacts {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  /** Names of ControllerRevisions. */
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly collisionCount: number;
  readonly nowMs: number;
}

/** The status that the facts give. An update that is complete makes its revision the current one. */
export function statefulSetStatus(facts: StatefulStatusFacts): StatefulSetStatus {
  const { set, pods, currentRevision, updateRevision, collisionCount, nowMs } = facts;
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const created = pods.filter(isCreated);
  const ofRevision = (revision: string) =>
    created.filter(
      (pod) => !isTerminating(pod) && pod.metadata.labels?.[revisionLabel] === revision,
    ).length;
  const status: StatefulSetStatus = {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: created.length,
    readyReplicas: pods.filter(isRunningAndReady).length,
    availableReplicas: pods.filter((pod) => isRunningAndAvailable(pod, minReadySeconds, nowMs))
      .length,
    currentReplicas: ofRevision(currentRevision),
    updatedReplicas: ofRevision(updateRevision),
    currentRevision,
    updateRevision,
    collisionCount,
  };
  return isUpdateComplete(set, status)
    ? { ...status, currentReplicas: status.updatedReplicas ?? 0, currentRevision: updateRevision }
    : status;
}

function isUpdateComplete({ spec }: StatefulSet, status: StatefulSetStatus): boolean {
  const replicas = spec?.replicas ?? 1;
  return (
    (spec?.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate' &&
    status.updatedReplicas === replicas &&
    status.readyReplicas === replicas &&
    status.replicas === replicas
  );
}
