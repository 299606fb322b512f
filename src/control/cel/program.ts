import { type Checked, checkExpression } from './check.js';
import type { CelEnvironment } from './environment.js';
import { type Activation, type CostBudget, evaluate } from './evaluate.js';
import { CompileError, parseExpression, problemText } from './parse.js';
import { selectsField } from './selected-fields.js';
import { type CelType, isAssignable, typeText } from './types.js';
import type { CelValue } from './values.js';

/** A compiled expression. */
export interface Program extends Checked {
  readonly text: string;
  /** Whether a field of a variable is selected by its name. */
  selects(variable: string, field: string): boolean;
  /** Throws CelError. */
  run(activation: Activation, budget: CostBudget): CelValue;
}

/** Compiles an expression that must come to one of these types; any when none is given. Throws {@link CompileError}. */
export function compile(
  text: string,
  environment: CelEnvironment,
  ...wanted: readonly CelType[]
): Program {
  const tree = parseExpression(text);
  const checked = checkExpression(text, tree, environment);
  if (wanted.length > 0 && !wanted.some((type) => isAssignable(type, checked.type, new Map()))) {
    const names = wanted.map(typeText).join(' or ');
    throw new CompileError(`must evaluate to ${names}`);
  }
  return {
    ...checked,
    text,
    selects: (variable, field) => selectsField(tree, variable, field),
    run: (activation, budget) => evaluate(tree, environment, activation, budget),
  };
}

export { CompileError, problemText };
