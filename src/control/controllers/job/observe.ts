import { isPodActive, isPodReady, isPodTerminal } from '../../api/core-v1/pod/pod-state.js';
import type { Job } from '../../api/gen/batch-v1.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { continueRun, type FailureRun } from './backoff.js';
import { isPodFailed, judgeFailure } from './failure-policy.js';
import { IndexSet } from './index-set.js';
import {
  earlierFailures,
  hasLimitPerIndex,
  isIndexed,
  isTracked,
  validIndexOf,
} from './pod-marks.js';

/** What a controller knows of a job. */
export interface JobState {
  readonly job: Job;
  /** All pods of the job. */
  readonly pods: readonly Pod[];
  /** UIDs of pods whose tracking finalizer was removed, where `pods` does not show it yet. */
  readonly untracked: ReadonlySet<string>;
  /** `pods` shows all pods that were made and deleted. */
  readonly isSettled: boolean;
  /** Failures as of the last look. */
  readonly run: FailureRun;
  /** Wall-clock milliseconds. */
  readonly nowMs: number;
}

/** What follows from it at once. */
export interface JobView extends JobState {
  readonly active: readonly Pod[];
  /** Being deleted, and still running. */
  readonly terminating: readonly Pod[];
  readonly readyCount: number;
  /** Of pods whose end the status names but has not counted. */
  readonly uncounted: {
    readonly succeeded: ReadonlySet<string>;
    readonly failed: ReadonlySet<string>;
  };
  /** Pods, or indexes of an Indexed job, that have succeeded, counted or not. */
  readonly succeededCount: number;
  /** Pods that have failed in ways that count, counted or not. */
  readonly failedCount: number;
  /** Of an Indexed job: as its status says, of pods too, and those that failed for good. */
  readonly indexes: {
    readonly counted: IndexSet;
    readonly succeeded: IndexSet;
    readonly failed: IndexSet | null;
  } | null;
  /** By index, failed pods that stay until another pod has taken over their count of failures. */
  readonly handingOver: ReadonlyMap<number, Pod>;
  /** Failures as of this look. */
  readonly runNow: FailureRun;
}

/** Counts what is there. Pure. */
export function observeJob(state: JobState): JobView {
  const { job, pods, run } = state;
  const { status = {} } = job;
  const active = pods.filter(isPodActive);
  const uncounted = {
    succeeded: new Set(status.uncountedTerminatedPods?.succeeded ?? []),
    failed: new Set(status.uncountedTerminatedPods?.failed ?? []),
  };
  const fresh = pods.filter((pod) => isFresh(state, pod));
  const succeeded = fresh.filter(
    (pod) => pod.status?.phase === 'Succeeded' && !uncounted.succeeded.has(uidOf(pod)),
  );
  const failed = fresh.filter((pod) => isPodFailed(pod, job) && !uncounted.failed.has(uidOf(pod)));
  const countedFailures = failed.filter((pod) => judgeFailure(job, pod).isCounted);
  const indexes = isIndexed(job) ? indexesOf(state) : null;
  return {
    ...state,
    ...{ active, uncounted, indexes },
    terminating: pods.filter(
      (pod) => pod.metadata.deletionTimestamp !== undefined && !isPodTerminal(pod),
    ),
    readyCount: active.filter(isPodReady).length,
    succeededCount:
      indexes?.succeeded.size ??
      (status.succeeded ?? 0) + succeeded.length + uncounted.succeeded.size,
    failedCount: (status.failed ?? 0) + countedFailures.length + uncounted.failed.size,
    handingOver:
      hasLimitPerIndex(job) && indexes !== null ? handingOver(state, indexes) : new Map(),
    runNow: continueRun(run, { succeeded, failed }),
  };
}

/** Its finalizer is on: its end is not counted in the numbers of the status. */
export function isUncounted({ untracked }: JobState, pod: Pod): boolean {
  return isTracked(pod) && !untracked.has(uidOf(pod));
}

export function uidOf({ metadata }: Pod): string {
  return metadata.uid ?? '';
}

/** It may be counted, and has an index if it needs one. */
function isFresh(state: JobState, pod: Pod): boolean {
  if (!isUncounted(state, pod)) return false;
  return !isIndexed(state.job) || validIndexOf(pod, state.job) !== undefined;
}

function indexesOf(state: JobState): NonNullable<JobView['indexes']> {
  const { job, pods } = state;
  const completions = job.spec?.completions ?? 0;
  const counted = IndexSet.parse(job.status?.completedIndexes ?? '', completions);
  const succeeded = counted.with(
    validIndexes(
      job,
      pods.filter((pod) => isTracked(pod) && pod.status?.phase === 'Succeeded'),
    ),
  );
  if (!hasLimitPerIndex(job)) return { counted, succeeded, failed: null };
  const failed = IndexSet.parse(job.status?.failedIndexes ?? '', completions).with(
    validIndexes(
      job,
      pods.filter((pod) => hasFailedForGood(job, pod)),
    ),
  );
  return { counted, succeeded, failed };
}

function validIndexes(job: Job, pods: readonly Pod[]): readonly number[] {
  return pods.flatMap((pod) => validIndexOf(pod, job) ?? []);
}

/** The index of a failed pod is not tried again. */
function hasFailedForGood(job: Job, pod: Pod): boolean {
  if (!isPodFailed(pod, job)) return false;
  const { action, isCounted } = judgeFailure(job, pod);
  if (action === 'FailIndex') return true;
  return isCounted && earlierFailures(pod).counted >= (job.spec?.backoffLimitPerIndex ?? 0);
}

/** The failed pods with the most failures of indexes that are neither at work nor done with. */
function handingOver(
  state: JobState,
  { succeeded, failed }: NonNullable<JobView['indexes']>,
): ReadonlyMap<number, Pod> {
  const { job, pods } = state;
  const atWork = new Set(validIndexes(job, pods.filter(isPodActive)));
  const last = new Map<number, Pod>();
  for (const pod of pods) {
    const index = validIndexOf(pod, job);
    if (index === undefined || !isUncounted(state, pod) || !isPodFailed(pod, job)) continue;
    if (succeeded.has(index) || (failed?.has(index) ?? false) || atWork.has(index)) continue;
    const before = last.get(index);
    if (before === undefined || allFailures(before) <= allFailures(pod)) last.set(index, pod);
  }
  return last;
}

/** How often an index failed before a pod, in any way. */
export function allFailures(pod: Pod): number {
  const { counted, ignored } = earlierFailures(pod);
  return counted + ignored;
}
