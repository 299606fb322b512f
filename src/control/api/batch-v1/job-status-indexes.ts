import { type FieldPath, invalidValue } from '../../machinery/field-path.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import type { Job } from '../gen/batch-v1.js';
import { commonIndex, IndexRangeError, parseIndexRanges } from './index-ranges.js';

/** The indexes of a job that have succeeded and those that have failed, where one of both changed. */
export function checkStatusIndexes(
  { spec = {}, status = {} }: Job,
  old: Job,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { completedIndexes: completed = '', failedIndexes: failed } = status;
  const { completions, backoffLimitPerIndex } = spec;
  const isCompletedNew = completed !== (old.status?.completedIndexes ?? '');
  const isFailedNew = failed !== old.status?.failedIndexes;
  const completedPath = path.child('completedIndexes');
  const failedPath = path.child('failedIndexes');
  if (isCompletedNew && completions !== undefined) {
    checkFormat(completed, completions, 'completedIndexes', completedPath, errors);
  }
  if (isFailedNew && failed !== undefined && completions !== undefined) {
    if (backoffLimitPerIndex !== undefined) {
      checkFormat(failed, completions, 'failedIndexes', failedPath, errors);
    }
  }
  if (isCompletedNew && completed !== '' && spec.completionMode !== 'Indexed') {
    const text = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalidValue(completedPath, completed, text));
  }
  if (isFailedNew && failed !== undefined && backoffLimitPerIndex === undefined) {
    const text = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    errors.push(invalidValue(failedPath, failed, text));
  }
  if (!isCompletedNew && !isFailedNew) return;
  if (failed === undefined || completions === undefined) return;
  const common = commonIndex(completed, failed, completions);
  if (common === undefined) return;
  const text = `failedIndexes and completedIndexes overlap at index: ${common}`;
  errors.push(invalidValue(failedPath, failed, text));
}

function checkFormat(
  text: string,
  completions: number,
  name: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  try {
    parseIndexRanges(text, completions);
  } catch (error) {
    if (!(error instanceof IndexRangeError)) throw error;
    errors.push(invalidValue(path, text, `error parsing ${name}: ${error.message}`));
  }
}
