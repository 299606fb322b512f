import type { JobCondition, JobStatus } from '../../api/gen/batch-v1.js';
import { semanticEqual } from '../../machinery/deep-equal.js';

/** A job's status with every number and list there. */
export interface FullStatus extends JobStatus {
  active: number;
  succeeded: number;
  failed: number;
  conditions: JobCondition[];
  uncountedTerminatedPods: { succeeded: string[]; failed: string[] };
}

/** The same status, with what it leaves out. A copy. */
export function fullStatus(status: JobStatus | undefined): FullStatus {
  const { succeeded = [], failed = [] } = status?.uncountedTerminatedPods ?? {};
  return {
    ...status,
    active: status?.active ?? 0,
    succeeded: status?.succeeded ?? 0,
    failed: status?.failed ?? 0,
    conditions: [...(status?.conditions ?? [])],
    uncountedTerminatedPods: { succeeded: [...succeeded], failed: [...failed] },
  };
}

/** What is stored: lists and numbers that say nothing are left out, but `ready` and `terminating` always say something. */
export function writtenStatus(status: FullStatus): JobStatus {
  const { active, succeeded, failed, conditions, uncountedTerminatedPods, ...others } = status;
  const { succeeded: uncountedSucceeded, failed: uncountedFailed } = uncountedTerminatedPods;
  return {
    ...others,
    ...(active === 0 ? {} : { active }),
    ...(succeeded === 0 ? {} : { succeeded }),
    ...(failed === 0 ? {} : { failed }),
    ...(conditions.length === 0 ? {} : { conditions }),
    uncountedTerminatedPods: {
      ...(uncountedSucceeded.length === 0 ? {} : { succeeded: uncountedSucceeded }),
      ...(uncountedFailed.length === 0 ? {} : { failed: uncountedFailed }),
    },
  };
}

/** Whether both say the same. */
export function isSameStatus(a: JobStatus | undefined, b: FullStatus): boolean {
  const before = fullStatus(a);
  return semanticEqual(
    { ...before, completedIndexes: before.completedIndexes ?? '' },
    { ...b, completedIndexes: b.completedIndexes ?? '' },
  );
}

/** Adds pods to the counters that have no finalizer any more. Whether there were any. */
export function countUntracked(status: FullStatus, tracked: ReadonlySet<string>): boolean {
  const { uncountedTerminatedPods: uncounted } = status;
  let hasCounted = false;
  for (const outcome of ['succeeded', 'failed'] as const) {
    const left = uncounted[outcome].filter((uid) => tracked.has(uid));
    const counted = uncounted[outcome].length - left.length;
    if (counted === 0) continue;
    hasCounted = true;
    status[outcome] += counted;
    uncounted[outcome] = left;
  }
  return hasCounted;
}
