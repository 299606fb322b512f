import {
  type FieldPath,
  invalidValue,
  required,
  tooLong,
  tooMany,
} from '../../machinery/field-path.js';
import { utf8Length } from '../../machinery/quote.js';
import { checkNonNegative, type FieldErrors } from '../core-v1/field-checks.js';
import type { JobSpec, SuccessPolicyRule } from '../gen/batch-v1.js';
import { countIndexes, IndexRangeError, parseIndexRanges } from './index-ranges.js';

const rulesMax = 20;
const indexesBytesMax = 64 * 1024;

/** When an indexed job has succeeded though some of its indexes have not. */
export function checkSuccessPolicy(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const rules = spec.successPolicy?.rules ?? [];
  const rulesPath = path.child('rules');
  if (rules.length === 0) {
    const text = 'at least one rules must be specified when the successPolicy is specified';
    errors.push(required(rulesPath, text));
  }
  if (rules.length > rulesMax) errors.push(tooMany(rulesPath, rules.length, rulesMax));
  rules.forEach((rule, at) => {
    checkRule(rule, spec.completions ?? 0, rulesPath.index(at), errors);
  });
}

function checkRule(
  { succeededCount: count, succeededIndexes: indexes }: SuccessPolicyRule,
  completions: number,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (count === undefined && indexes === undefined) {
    const text = 'at least one of succeededCount or succeededIndexes must be specified';
    errors.push(required(path, text));
  }
  const total =
    indexes === undefined ? undefined : checkIndexes(indexes, completions, path, errors);
  if (count === undefined) return;
  const countPath = path.child('succeededCount');
  checkNonNegative(count, countPath, errors);
  if (count > completions) {
    const text = `must be less than or equal to ${completions} (the number of specified completions)`;
    errors.push(invalidValue(countPath, count, text));
  }
  if (total !== undefined && count > total) {
    const text = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`;
    errors.push(invalidValue(countPath, count, text));
  }
}

/** How many indexes there are; 0 when they cannot be read. */
function checkIndexes(
  indexes: string,
  completions: number,
  path: FieldPath,
  errors: FieldErrors,
): number {
  const indexesPath = path.child('succeededIndexes');
  if (utf8Length(indexes) > indexesBytesMax) {
    errors.push(tooLong(indexesPath, indexes, indexesBytesMax));
  }
  try {
    return countIndexes(parseIndexRanges(indexes, completions));
  } catch (error) {
    if (!(error instanceof IndexRangeError)) throw error;
    const text = `error parsing succeededIndexes: ${error.message}`;
    errors.push(invalidValue(indexesPath, indexes, text));
    return 0;
  }
}
