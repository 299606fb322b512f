import { defined } from '../../../base/assert.js';
import type { Victims } from './select-victims.js';

/**
 * The victims that are the least loss, of at least one candidate: with the fewest broken budgets; then whose first is of the least
 * priority; then with the least sum of priorities; then the fewest; then those of which the first to start among the most important
 * started last; then the first of all.
 */
export function pickVictims(candidates: readonly Victims[]): Victims {
  let best = defined(candidates[0], 'a candidate');
  for (const candidate of candidates) if (compareLoss(candidate, best) < 0) best = candidate;
  return best;
}

/** Negative when `a` is the smaller loss. */
function compareLoss(a: Victims, b: Victims): number {
  return (
    a.budgetViolations - b.budgetViolations ||
    highestPriority(a) - highestPriority(b) ||
    a.prioritySum - b.prioritySum ||
    a.pods.length - b.pods.length ||
    b.earliestStartMs - a.earliestStartMs
  );
}

/** The first is the most important one. */
function highestPriority({ pods }: Victims): number {
  return pods[0]?.priority ?? 0;
}
