import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { formatTime } from '../../../../src/control/machinery/time.js';

/** The time of tables. */
export const nowMs = Date.parse('2026-06-01T12:00:00Z');

/** A time so many seconds before {@link nowMs}. */
export function ago(seconds: number): string {
  return formatTime(nowMs - seconds * 1000);
}

/** What a pod of a table is like; what is not said is a running pod that has been ready for 100 seconds, on a node, and 200 seconds old. */
export interface PodSample {
  readonly node?: string;
  readonly phase?: string;
  /** Seconds since it is ready; null: it is not. */
  readonly readyFor?: number | null;
  readonly age?: number;
  readonly restarts?: number;
  readonly cost?: string;
  readonly labels?: Record<string, string>;
  readonly owner?: string;
  readonly isGoing?: boolean;
}

/** A pod; its UID is its name. */
export function podSample(name: string, sample: PodSample = {}): Pod {
  const { node = 'n1', phase = 'Running', readyFor = 100, age = 200, restarts = 0 } = sample;
  const isReady = readyFor !== null;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ name, namespace: 'default', uid: name, creationTimestamp: ago(age) },
      labels: sample.labels ?? { app: 'web' },
      ...(sample.cost === undefined
        ? {}
        : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': sample.cost } }),
      ...(sample.isGoing === true ? { deletionTimestamp: ago(1) } : {}),
      ...(sample.owner === undefined
        ? {}
        : {
            ownerReferences: [
              {
                ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: sample.owner },
                ...{ uid: sample.owner, controller: true },
              },
            ],
          }),
    },
    spec: node === '' ? {} : { nodeName: node },
    status: {
      phase,
      conditions: [
        {
          type: 'Ready',
          status: isReady ? 'True' : 'False',
          lastTransitionTime: ago(readyFor ?? 0),
        },
      ],
      containerStatuses: [{ name: 'main', restartCount: restarts }],
    },
  };
}
