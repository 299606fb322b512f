import type { FieldPath } from '../../machinery/field-path.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import type { Job } from '../gen/batch-v1.js';
import type { JobChanges } from './job-changes.js';
import { hasCondition, type JobConditionType } from './job-conditions.js';
import { invalidUnshown } from './omitted-value.js';

/** Conditions that contradict each other, or lack what comes before them. */
export function checkConditions(
  job: Job,
  changes: JobChanges,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const isComplete = hasCondition(job, 'Complete');
  const isFailed = hasCondition(job, 'Failed');
  const isFailing = hasCondition(job, 'FailureTarget');
  const isMet = hasCondition(job, 'SuccessCriteriaMet');
  const refuse = (isWrong: boolean, text: string): void => {
    if (isWrong) errors.push(invalidUnshown(path, text));
  };
  refuse(
    (changes.complete || changes.failed) && isComplete && isFailed,
    'cannot set Complete=True and Failed=true conditions',
  );
  refuse(
    (changes.complete || changes.failureTarget) && isComplete && isFailing,
    'cannot set Complete=True and FailureTarget=true conditions',
  );
  refuse(
    (changes.failed || changes.failedIndexes) && isFailed && !isFailing,
    'cannot set Failed=True condition without the FailureTarget=true condition',
  );
  refuse(
    (changes.complete || changes.successCriteriaMet) && isComplete && !isMet,
    'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
  );
  refuse(isMet && isFailed, 'cannot set SuccessCriteriaMet=True and Failed=true conditions');
  refuse(
    isMet && isFailing,
    'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
  );
  refuse(
    job.spec?.successPolicy !== undefined && !isMet && isComplete,
    'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
  );
}

const terminal: readonly JobConditionType[] = ['Failed', 'Complete', 'FailureTarget'];

/** What has become true of a job for good. */
export function checkConditionsStay(
  job: Job,
  old: Job,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const type of terminal) {
    if (!hasCondition(old, type) || hasCondition(job, type)) continue;
    errors.push(invalidUnshown(path, `cannot disable the terminal ${type}=True condition`));
  }
  const [wasMet, isMet] = [old, job].map((of) => hasCondition(of, 'SuccessCriteriaMet'));
  if (wasMet && !isMet) {
    errors.push(invalidUnshown(path, 'cannot disable the SuccessCriteriaMet=True condition'));
  }
  if (hasCondition(old, 'Complete') && !wasMet && isMet) {
    const text = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
    errors.push(invalidUnshown(path, text));
  }
}
