import type { Job, JobSpec } from '../../../../src/control/api/gen/batch-v1.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { noFailures } from '../../../../src/control/controllers/job/backoff.js';
import type { JobState } from '../../../../src/control/controllers/job/observe.js';
import {
  completionIndexKey,
  trackingFinalizer,
} from '../../../../src/control/controllers/job/pod-marks.js';
import { formatTime } from '../../../../src/control/machinery/time.js';

/** When tests take place. */
export const nowMs = Date.parse('2026-01-02T03:00:00Z');

/** A time relative to {@link nowMs}. */
export function at(seconds: number): string {
  return formatTime(nowMs + seconds * 1000);
}

/** A job with defaults as the server sets them. */
export function jobOf(spec: JobSpec = {}, status: Job['status'] = {}): Job {
  return {
    ...{ apiVersion: 'batch/v1', kind: 'Job' },
    metadata: { name: 'j', namespace: 'default', uid: 'j-uid', resourceVersion: '1' },
    spec: {
      ...{ parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed' },
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main' }] } },
      ...spec,
    },
    status,
  };
}

let made = 0;

/** A pod of the job: tracked, and running unless said otherwise. */
export function podOf(
  of: {
    readonly uid?: string;
    readonly phase?: string;
    readonly index?: number;
    readonly exitCode?: number;
    readonly endedAt?: string;
    readonly annotations?: Record<string, string>;
    readonly isDeleted?: boolean;
    readonly isTracked?: boolean;
    readonly isReady?: boolean;
    readonly restarts?: number;
    readonly conditions?: NonNullable<Pod['status']>['conditions'];
    readonly nodeName?: string;
  } = {},
): Pod {
  const { phase = 'Running', index, exitCode, endedAt, restarts = 0 } = of;
  const uid = of.uid ?? `pod-${made++}`;
  const indexMark = index === undefined ? {} : { [completionIndexKey]: String(index) };
  const terminated =
    exitCode === undefined && endedAt === undefined
      ? undefined
      : { exitCode: exitCode ?? 0, finishedAt: endedAt ?? at(0) };
  return {
    metadata: {
      ...{ name: uid, namespace: 'default', uid, creationTimestamp: at(-60) },
      annotations: { ...indexMark, ...of.annotations },
      ...(of.isTracked === false ? {} : { finalizers: [trackingFinalizer] }),
      ...(of.isDeleted ? { deletionTimestamp: at(0) } : {}),
    },
    spec: { ...(of.nodeName === undefined ? {} : { nodeName: of.nodeName }), containers: [] },
    status: {
      phase,
      conditions: [
        ...(of.isReady ? [{ type: 'Ready', status: 'True', lastTransitionTime: at(-30) }] : []),
        ...(of.conditions ?? []),
      ],
      containerStatuses: [
        {
          ...{ name: 'main', image: '', imageID: '', ready: false, restartCount: restarts },
          ...(terminated && { state: { terminated } }),
        },
      ],
    },
  };
}

/** What the controller knows. */
export function stateOf(job: Job, pods: readonly Pod[], more: Partial<JobState> = {}): JobState {
  return { job, pods, untracked: new Set(), isSettled: true, run: noFailures, nowMs, ...more };
}
