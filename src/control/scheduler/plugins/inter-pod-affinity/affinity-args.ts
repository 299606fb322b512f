import { fieldPath, invalidValue } from '../../../machinery/field-path.js';
import { booleanOf, fieldsOf, integerOf, refuseProblems } from '../plugin-arguments.js';

/** InterPodAffinityArgs. */
export interface AffinityArgs {
  /** What a required term of a pod that runs counts for in the score of those that it selects; 0 to 100. */
  readonly hardPodAffinityWeight: number;
  /** Pods without preferences of their own are not scored by those of others. */
  readonly ignorePreferredTermsOfExistingPods: boolean;
}

/** Reads and checks InterPodAffinityArgs. Throws ConfigurationError. */
export function affinityArgs(args: unknown): AffinityArgs {
  const fields = fieldsOf(args, ['hardPodAffinityWeight', 'ignorePreferredTermsOfExistingPods']);
  const hardPodAffinityWeight = integerOf(fields, 'hardPodAffinityWeight', 1);
  if (hardPodAffinityWeight < 0 || hardPodAffinityWeight > 100) {
    const text = 'not in valid range [0, 100]';
    refuseProblems([invalidValue(fieldPath('hardPodAffinityWeight'), hardPodAffinityWeight, text)]);
  }
  return {
    hardPodAffinityWeight,
    ignorePreferredTermsOfExistingPods: booleanOf(
      fields,
      'ignorePreferredTermsOfExistingPods',
      false,
    ),
  };
}
