import { deepEqual } from '../../machinery/deep-equal.js';
import type { Job } from '../gen/batch-v1.js';
import { hasCondition, isFinished } from './job-conditions.js';

/** What differs between two states of a job. */
export interface JobChanges {
  readonly finished: boolean;
  readonly complete: boolean;
  readonly failed: boolean;
  readonly failureTarget: boolean;
  readonly successCriteriaMet: boolean;
  readonly failedIndexes: boolean;
  readonly active: boolean;
  readonly ready: boolean;
  readonly terminating: boolean;
  readonly uncounted: boolean;
  readonly startTime: boolean;
  readonly completionTime: boolean;
}

/** Compares two states of a job. */
export function changesOf(job: Job, old: Job): JobChanges {
  const differs = (read: (of: Job) => unknown): boolean => !deepEqual(read(job), read(old));
  return {
    finished: differs(isFinished),
    complete: differs((of) => hasCondition(of, 'Complete')),
    failed: differs((of) => hasCondition(of, 'Failed')),
    failureTarget: differs((of) => hasCondition(of, 'FailureTarget')),
    successCriteriaMet: differs((of) => hasCondition(of, 'SuccessCriteriaMet')),
    failedIndexes: differs(({ status }) => status?.failedIndexes),
    active: differs(({ status }) => status?.active ?? 0),
    ready: differs(({ status }) => status?.ready),
    terminating: differs(({ status }) => status?.terminating),
    uncounted: differs(({ status }) => status?.uncountedTerminatedPods),
    startTime: differs(({ status }) => status?.startTime),
    completionTime: differs(({ status }) => status?.completionTime),
  };
}
