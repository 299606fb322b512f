import type { Pod } from '../../api/gen/core-v1.js';
import { type Labels, labelOf } from '../../machinery/labels.js';
import { formatTime } from '../../machinery/time.js';
import { type PodReadiness, sameStatus, withCondition, withoutCondition } from '../pods/index.js';
import type { Replication, ReplicationStatus } from './replication.js';

/** What a status is made of. */
export interface StatusFacts {
  readonly replication: Replication;
  /** Its own that have not ended and were not deleted. */
  readonly pods: readonly Pod[];
  readonly readiness: PodReadiness;
  /** Its own that were deleted and have not ended; null: not told. */
  readonly terminating: number | null;
  readonly generation: number;
  /** Why the pods could not be made or deleted this time; null when they could. */
  readonly failure: string | null;
  readonly nowMs: number;
}

/** The status that the facts give; the old one itself when nothing changed. */
export function replicationStatus(
  old: Partial<ReplicationStatus> | undefined,
  facts: StatusFacts,
): Partial<ReplicationStatus> {
  const { replication, pods, readiness, terminating, generation } = facts;
  const conditions = conditionsAfter(old?.conditions ?? [], facts);
  const { conditions: _, ...rest } = old ?? {};
  const status: ReplicationStatus = {
    ...rest,
    replicas: pods.length,
    fullyLabeledReplicas: countLabelled(pods, replication.template.metadata?.labels),
    readyReplicas: readiness.ready,
    availableReplicas: readiness.available,
    ...(terminating === null ? {} : { terminatingReplicas: terminating }),
    observedGeneration: generation,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
  return old !== undefined && sameStatus(old, status) ? old : status;
}

function conditionsAfter(
  conditions: NonNullable<ReplicationStatus['conditions']>,
  { failure, replication, pods, nowMs }: StatusFacts,
): NonNullable<ReplicationStatus['conditions']> {
  const type = 'ReplicaFailure';
  if (failure === null) return withoutCondition(conditions, type);
  // The first failure is what is told until there is none any more.
  if (conditions.some((condition) => condition.type === type)) return conditions;
  const isShort = pods.length < replication.replicas;
  return withCondition(conditions, {
    type,
    status: 'True',
    lastTransitionTime: formatTime(nowMs),
    reason: isShort ? 'FailedCreate' : 'FailedDelete',
    message: failure,
  });
}

function countLabelled(pods: readonly Pod[], labels: Labels = {}): number {
  const wanted = Object.entries(labels);
  return pods.filter(({ metadata }) =>
    wanted.every(([key, value]) => labelOf(metadata.labels, key) === value),
  ).length;
}
