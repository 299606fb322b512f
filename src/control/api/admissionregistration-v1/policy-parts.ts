import { type FieldPath, invalidValue, required } from '../../machinery/field-path.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import type { ParamKind, Variable } from '../gen/admissionregistration-v1.js';
import type { ExpressionChecker, ExpressionUse, UseChecker } from './expressions.js';

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
/** Words that CEL keeps for itself. */
const reserved: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** Makes the check of an expression of a policy from what it is for, and how many of the variables come before it. */
export type UseCheckers = (kind: ExpressionUse['kind'], before?: number) => UseChecker;

/** The checks of the expressions of one policy. */
export function useCheckers(
  check: ExpressionChecker,
  paramKind: ParamKind | undefined,
  variables: readonly Variable[] = [],
): UseCheckers {
  const all = variables.map(({ name = '', expression = '' }) => ({ name, expression }));
  const hasParams = paramKind !== undefined;
  return (kind, before = all.length) => {
    const use = { kind, hasParams, variables: all.slice(0, before) };
    return (expression, path) => check(expression, use, path);
  };
}

/** Names for expressions that those after them may use. */
export function checkVariables(
  variables: readonly Variable[] | undefined,
  checkerOf: UseCheckers,
  path: FieldPath,
  errors: FieldErrors,
): void {
  variables?.forEach(({ name = '', expression = '' }, at) => {
    const namePath = path.index(at).child('name');
    if (name.trim() === '') {
      errors.push(required(namePath, 'name is not specified'));
    } else if (!identifier.test(name) || reserved.has(name)) {
      errors.push(invalidValue(namePath, name, 'name is not a valid CEL identifier'));
    }
    const expressionPath = path.index(at).child('expression');
    checkRequiredExpression(expression, checkerOf('variable', at), expressionPath, errors);
  });
}

/** An expression must be there, and compile. */
export function checkRequiredExpression(
  expression: string,
  check: UseChecker,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (expression.trim() === '') errors.push(required(path, 'expression is not specified'));
  else errors.push(...check(expression, path));
}
