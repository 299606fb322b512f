import type { FieldError } from './field-errors.js';
import { type FieldPath, fieldPath, invalidValue } from './field-path.js';
import { labelValueProblems, qualifiedNameProblems } from './names.js';

/** How a requirement of a label selector compares. */
export type LabelOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';

/** What one label must be. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Sorted, without repetitions; one for `=`, `==`, `!=`, `gt` and `lt`, none for `exists` and `!`. */
  readonly values: readonly string[];
}

/** Tells the two results of {@link labelRequirement} apart. */
export function isRequirement(
  result: LabelRequirement | readonly FieldError[],
): result is LabelRequirement {
  return !Array.isArray(result);
}

/** Whether a label has a value that the requirement asks for; undefined: the object has no such label. */
export function meetsRequirement(
  { operator, values }: LabelRequirement,
  value: string | undefined,
): boolean {
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case '=':
    case '==':
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    default:
      return value !== undefined && compares(operator, value, values[0] ?? '');
  }
}

function compares(operator: 'gt' | 'lt', value: string, bound: string): boolean {
  const [a, b] = [parseInt64(value), parseInt64(bound)];
  if (a === null || b === null) return false;
  return operator === 'gt' ? a > b : a < b;
}

const int64Max = 2n ** 63n - 1n;

function parseInt64(text: string): bigint | null {
  if (!/^[+-]?[0-9]{1,32}$/.test(text)) return null;
  const value = BigInt(text.replace('+', ''));
  return value >= -int64Max - 1n && value <= int64Max ? value : null;
}

/** As clients write requirements. */
export function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case 'gt':
      return `${key}>${values[0]}`;
    case 'lt':
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}

/** A requirement, or what is wrong with it; paths in the errors are those of the API's own texts. */
export function labelRequirement(
  key: string,
  operator: LabelOperator,
  values: readonly string[],
): LabelRequirement | readonly FieldError[] {
  const valuesPath = fieldPath('values');
  const errors: FieldError[] = [];
  const keyProblems = qualifiedNameProblems(key);
  if (keyProblems.length > 0)
    errors.push(invalidValue(fieldPath('key'), key, keyProblems.join('; ')));
  errors.push(...countErrors(operator, values, valuesPath));
  values.forEach((value, at) => {
    const problems = labelValueProblems(value);
    if (problems.length === 0) return;
    errors.push(invalidValue(valuesPath.index(at).key(key), value, problems.join('; ')));
  });
  return errors.length > 0 ? errors : { key, operator, values: [...new Set(values)].sort() };
}

function countErrors(
  operator: LabelOperator,
  values: readonly string[],
  path: FieldPath,
): readonly FieldError[] {
  switch (operator) {
    case 'in':
    case 'notin':
      return values.length > 0
        ? []
        : [invalidValue(path, values, "for 'in', 'notin' operators, values set can't be empty")];
    case 'exists':
    case '!':
      return values.length === 0
        ? []
        : [invalidValue(path, values, 'values set must be empty for exists and does not exist')];
    case 'gt':
    case 'lt':
      return boundErrors(values, path);
    default:
      return values.length === 1
        ? []
        : [invalidValue(path, values, 'exact-match compatibility requires one single value')];
  }
}

function boundErrors(values: readonly string[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (values.length !== 1) {
    errors.push(
      invalidValue(path, values, "for 'Gt', 'Lt' operators, exactly one value is required"),
    );
  }
  values.forEach((value, at) => {
    if (parseInt64(value) !== null) return;
    const text = "for 'Gt', 'Lt' operators, the value must be an integer";
    errors.push(invalidValue(path.index(at), value, text));
  });
  return errors;
}
