import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  invalidValue,
  required,
} from '../../machinery/field-path.js';
import { parseTime } from '../../machinery/time.js';
import { checkNonNegative, type FieldErrors } from '../core-v1/field-checks.js';
import type { Job, JobStatus } from '../gen/batch-v1.js';
import { changesOf, type JobChanges } from './job-changes.js';
import { hasCondition, isFinished } from './job-conditions.js';
import { checkConditions, checkConditionsStay } from './job-status-conditions.js';
import { checkStatusIndexes } from './job-status-indexes.js';

const path = fieldPath('status');

/**
 * What is wrong with the status of a job. What was wrong before may stay as long as nothing changes that it is about.
 */
export function validateJobStatus(job: Job, old: Job): FieldError[] {
  const errors: FieldErrors = [];
  const { status = {} } = job;
  for (const name of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) {
    checkNonNegative(status[name], path.child(name), errors);
  }
  checkUncounted(status, errors);
  const changes = changesOf(job, old);
  checkConditions(job, changes, path.child('conditions'), errors);
  checkTimes(job, changes, errors);
  checkFinished(job, changes, errors);
  checkStatusIndexes(job, old, path, errors);
  const { ready, active = 0 } = status;
  if ((changes.ready || changes.active) && ready !== undefined && ready > active) {
    const text = 'cannot set more ready pods than active';
    errors.push(invalidValue(path.child('ready'), ready, text));
  }
  checkProgress(job, old, changes, errors);
  checkConditionsStay(job, old, path.child('conditions'), errors);
  return errors;
}

/** Pods that have ended and are not counted yet: each is named once. */
function checkUncounted({ uncountedTerminatedPods: pods }: JobStatus, errors: FieldErrors): void {
  const uncountedPath = path.child('uncountedTerminatedPods');
  const seen = new Set<string>();
  for (const list of ['succeeded', 'failed'] as const) {
    pods?.[list]?.forEach((uid, at) => {
      const entry = uncountedPath.child(list).index(at);
      if (uid === '') errors.push(invalidValue(entry, uid, 'must not be empty'));
      else if (seen.has(uid)) errors.push(duplicate(entry, uid));
      seen.add(uid);
    });
  }
}

function checkTimes(job: Job, changes: JobChanges, errors: FieldErrors): void {
  const { startTime, completionTime } = job.status ?? {};
  const isComplete = hasCondition(job, 'Complete');
  const completionPath = path.child('completionTime');
  if (changes.complete || changes.completionTime) {
    if (completionTime !== undefined && !isComplete) {
      const text = 'cannot set completionTime when there is no Complete=True condition';
      errors.push(invalidValue(completionPath, completionTime, text));
    }
    if (completionTime === undefined && isComplete) {
      errors.push(required(completionPath, 'completionTime is required for Complete jobs'));
    }
  }
  if (startTime === undefined || completionTime === undefined) return;
  if (!changes.startTime && !changes.completionTime) return;
  if ((parseTime(completionTime) ?? 0) >= (parseTime(startTime) ?? 0)) return;
  const text = 'completionTime cannot be set before startTime';
  errors.push(invalidValue(completionPath, completionTime, text));
}

/** A job that has ended has no pods left, and had started. */
function checkFinished(job: Job, changes: JobChanges, errors: FieldErrors): void {
  if (!isFinished(job)) return;
  const { active = 0, terminating = 0, startTime, uncountedTerminatedPods } = job.status ?? {};
  if ((changes.finished || changes.active) && active > 0) {
    errors.push(invalidValue(path.child('active'), active, 'active>0 is invalid for finished job'));
  }
  const isEmpty = job.spec?.suspend === true && job.spec.completions === 0;
  if ((changes.finished || changes.startTime) && !isEmpty && startTime === undefined) {
    errors.push(required(path.child('startTime'), 'startTime is required for finished job'));
  }
  const { succeeded = [], failed = [] } = uncountedTerminatedPods ?? {};
  if ((changes.finished || changes.uncounted) && succeeded.length + failed.length > 0) {
    const text = 'uncountedTerminatedPods needs to be empty for finished job';
    const uncountedPath = path.child('uncountedTerminatedPods');
    errors.push(invalidValue(uncountedPath, uncountedTerminatedPods, text));
  }
  if ((changes.finished || changes.terminating) && terminating > 0) {
    const text = 'terminating>0 is invalid for finished job';
    errors.push(invalidValue(path.child('terminating'), terminating, text));
  }
}

/** Counters do not go back, and times are not rewritten. */
function checkProgress(job: Job, old: Job, changes: JobChanges, errors: FieldErrors): void {
  const { status = {}, spec = {} } = job;
  const { status: before = {} } = old;
  checkNotLess(status.failed, before.failed, 'failed', errors);
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (!isElastic) checkNotLess(status.succeeded, before.succeeded, 'succeeded', errors);
  const { completionTime } = status;
  if (completionTime && before.completionTime && changes.completionTime) {
    const text = 'completionTime cannot be mutated';
    errors.push(invalidValue(path.child('completionTime'), completionTime, text));
  }
  if (before.startTime && changes.startTime && !spec.suspend) {
    const text = 'startTime cannot be removed for unsuspended job';
    errors.push(required(path.child('startTime'), text));
  }
}

function checkNotLess(
  count: number | undefined,
  before: number | undefined,
  name: 'failed' | 'succeeded',
  errors: FieldErrors,
): void {
  if ((count ?? 0) >= (before ?? 0)) return;
  const counterPath: FieldPath = path.child(name);
  errors.push(invalidValue(counterPath, count ?? 0, `cannot decrease the ${name} counter`));
}
