import type { PodInfo } from '../framework/node-info.js';
import { startMs } from './importance.js';
import type { Victims } from './select-victims.js';

/** Priorities are shifted by it, so that fewer pods of negative priority are less than many. */
const priorityShift = 2 ** 31;

/**
 * The victims that are the least loss, of at least one candidate: with the fewest broken budgets; then whose first is of the least
 * priority; then with the least sum of priorities; then the fewest; then those of which the first to start among the most important
 * started last; then the first of all.
 */
export function pickVictims(candidates: readonly Victims[], nowMs: number): Victims {
  const losses: ((victims: Victims) => number)[] = [
    ({ budgetViolations }) => budgetViolations,
    ({ pods }) => pods[0]?.priority ?? 0,
    ({ pods }) => pods.reduce((sum, { priority }) => sum + priority + priorityShift, 0),
    ({ pods }) => pods.length,
    ({ pods }) => -earliestStartMs(pods, nowMs),
  ];
  let best = candidates;
  for (const lossOf of losses) {
    if (best.length === 1) break;
    const measured = best.map((victims) => ({ victims, loss: lossOf(victims) }));
    const least = measured.reduce((min, { loss }) => Math.min(min, loss), Number.POSITIVE_INFINITY);
    best = measured.filter(({ loss }) => loss === least).map(({ victims }) => victims);
  }
  return best[0] as Victims;
}

/** Of those with the highest priority. */
function earliestStartMs(pods: readonly PodInfo[], nowMs: number): number {
  const highest = pods.reduce((max, { priority }) => Math.max(max, priority), -priorityShift);
  let earliest = Number.POSITIVE_INFINITY;
  for (const pod of pods) {
    if (pod.priority === highest) earliest = Math.min(earliest, startMs(pod, nowMs));
  }
  return earliest;
}
