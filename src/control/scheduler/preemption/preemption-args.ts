import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue } from '../../machinery/field-path.js';
import { fieldsOf, integerOf, refuseProblems } from '../plugins/plugin-arguments.js';

/** DefaultPreemptionArgs: how many nodes are looked at, of those that a preemption may help on. */
export interface PreemptionArgs {
  /** In percent of the nodes. */
  readonly minCandidateNodesPercentage: number;
  readonly minCandidateNodesAbsolute: number;
}

/** Reads and checks DefaultPreemptionArgs. Throws ConfigurationError. */
export function preemptionArgs(args: unknown): PreemptionArgs {
  const fields = fieldsOf(args, ['minCandidateNodesPercentage', 'minCandidateNodesAbsolute']);
  const percentage = integerOf(fields, 'minCandidateNodesPercentage', 10);
  const absolute = integerOf(fields, 'minCandidateNodesAbsolute', 100);
  const percentagePath = fieldPath('minCandidateNodesPercentage');
  const absolutePath = fieldPath('minCandidateNodesAbsolute');
  const problems: FieldError[] = [];
  if (percentage < 0 || percentage > 100) {
    problems.push(invalidValue(percentagePath, percentage, 'not in valid range [0, 100]'));
  }
  if (absolute < 0) {
    problems.push(invalidValue(absolutePath, absolute, 'not in valid range [0, inf)'));
  }
  if (percentage === 0 && absolute === 0) {
    const text = 'cannot be zero at the same time as';
    problems.push(
      invalidValue(percentagePath, percentage, `${text} minCandidateNodesAbsolute`),
      invalidValue(absolutePath, absolute, `${text} minCandidateNodesPercentage`),
    );
  }
  refuseProblems(problems);
  return { minCandidateNodesPercentage: percentage, minCandidateNodesAbsolute: absolute };
}

/** How many candidates are enough, of so many nodes. */
export function enoughCandidates(
  { minCandidateNodesPercentage, minCandidateNodesAbsolute }: PreemptionArgs,
  nodeCount: number,
): number {
  const share = Math.floor((nodeCount * minCandidateNodesPercentage) / 100);
  return Math.min(nodeCount, Math.max(share, minCandidateNodesAbsolute));
}
