import { CelError } from '../../cel/values.js';
import type { AdmissionExpressions, NamedExpression } from './admission-activation.js';

/** Whether all conditions hold. One that does not decides, whatever is wrong with others. Rejects with CelError. */
export async function conditionsHold(
  conditions: readonly NamedExpression[],
  expressions: AdmissionExpressions,
): Promise<boolean> {
  let problem: CelError | null = null;
  for (const { expression = '' } of conditions) {
    try {
      if ((await expressions.evaluate(expression.trim(), 'match-condition')) !== true) return false;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      problem ??= error;
    }
  }
  if (problem !== null) throw problem;
  return true;
}
