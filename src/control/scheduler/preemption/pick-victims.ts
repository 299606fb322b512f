import { defined } from '../../../base/assert.js';
import type { PodInfo } from '../framework/node-info.js';
import { startMs } from './importance.js';
import type { Victims } from './select-victims.js';

/** Priorities are shifted by it, so that fewer pods of negative priority are less than many. */
const priorityShift = 2 ** 31;

/** How bad it is, in one respect, that some pods give way. */
type Loss = (victims: Victims, nowMs: number) => number;

/** From the respect that counts most to the one that counts least. */
const losses: readonly Loss[] = [
  ({ budgetViolations }) => budgetViolations,
  // The first is the most important one.
  ({ pods }) => pods[0]?.priority ?? 0,
  ({ pods }) => sumOfPriorities(pods),
  ({ pods }) => pods.length,
  ({ pods }, nowMs) => -earliestStartMs(pods, nowMs),
];

/**
 * The victims that are the least loss, of at least one candidate: with the fewest broken budgets; then whose first is of the least
 * priority; then with the least sum of priorities; then the fewest; then those of which the first to start among the most important
 * started last; then the first of all.
 */
export function pickVictims(candidates: readonly Victims[], nowMs: number): Victims {
  let best = defined(candidates[0], 'a candidate');
  for (const candidate of candidates) if (isLess(candidate, best, nowMs)) best = candidate;
  return best;
}

function isLess(a: Victims, b: Victims, nowMs: number): boolean {
  for (const lossOf of losses) {
    const difference = lossOf(a, nowMs) - lossOf(b, nowMs);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function sumOfPriorities(pods: readonly PodInfo[]): number {
  let sum = 0;
  for (const { priority } of pods) sum += priority + priorityShift;
  return sum;
}

/** Of those with the highest priority, which come first. */
function earliestStartMs(pods: readonly PodInfo[], nowMs: number): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const pod of pods) {
    if (pod.priority !== pods[0]?.priority) break;
    earliest = Math.min(earliest, startMs(pod, nowMs));
  }
  return earliest;
}
