import type { FieldError } from '../../machinery/field-errors.js';
import type { FieldPath } from '../../machinery/field-path.js';

/** What an expression in CEL is for; it says which variables there are, and what it must evaluate to. */
export interface ExpressionUse {
  /** Of a variable anything, of a condition or validation a boolean, of a message or annotation a text. */
  readonly kind:
    | 'match-condition'
    | 'variable'
    | 'validation'
    | 'message'
    | 'audit-annotation'
    | 'apply-configuration'
    | 'json-patch';
  /** Whether `params` is there. */
  readonly hasParams: boolean;
  /** Variables of the policy that come before, by their names and expressions. */
  readonly variables: readonly { readonly name: string; readonly expression: string }[];
}

/** Compiles an expression and says what is wrong with it. It is pure: the same for the same arguments. */
export type ExpressionChecker = (
  expression: string,
  use: ExpressionUse,
  path: FieldPath,
) => readonly FieldError[];

/** For servers without a compiler: expressions are kept as they are. */
export const keepExpressions: ExpressionChecker = () => [];

/** Checks an expression for one use that is known already. */
export type UseChecker = (expression: string, path: FieldPath) => readonly FieldError[];
