import { duplicate, type FieldPath, required, tooMany } from '../../machinery/field-path.js';
import { checkQualifiedName, type FieldErrors } from '../core-v1/field-checks.js';
import type { MatchCondition } from '../gen/admissionregistration-v1.js';
import type { ExpressionChecker } from './expressions.js';

const conditionsMax = 64;

/** Expressions that must all hold of a request for it to be asked about. */
export function checkMatchConditions(
  conditions: readonly MatchCondition[] | undefined,
  { hasParams, check }: { readonly hasParams: boolean; readonly check: ExpressionChecker },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const count = conditions?.length ?? 0;
  if (count > conditionsMax) errors.push(tooMany(path, count, conditionsMax));
  const names = new Set<string>();
  conditions?.forEach(({ name = '', expression = '' }, at) => {
    const expressionPath = path.index(at).child('expression');
    const trimmed = expression.trim();
    const use = { kind: 'match-condition', variables: [], hasParams } as const;
    if (trimmed === '') errors.push(required(expressionPath, ''));
    else errors.push(...check(trimmed, use, expressionPath));
    const namePath = path.index(at).child('name');
    if (name === '') {
      errors.push(required(namePath, ''));
      return;
    }
    checkQualifiedName(name, namePath, errors);
    if (names.has(name)) errors.push(duplicate(namePath, name));
    names.add(name);
  });
}
