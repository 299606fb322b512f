import type { PodDisruptionBudget } from '../../api/gen/policy-v1.js';
import type { CycleState } from '../framework/cycle-state.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';
import type { SchedulerHandle } from '../framework/scheduler-handle.js';
import { failure, unresolvable } from '../plugins/statuses.js';
import { podsByBudget } from './disruption-budgets.js';
import { byImportance, startMs } from './importance.js';

/** Pods of a node that give way. */
export interface Victims {
  readonly nodeName: string;
  /** At least one; the one that matters most first. */
  readonly pods: readonly PodInfo[];
  /** How many of them break a budget. */
  readonly budgetViolations: number;
  /** Of their priorities, each shifted to be positive: fewer pods of negative priority are less than many. */
  readonly prioritySum: number;
  /** When the first of those with the highest priority began; milliseconds since the epoch. */
  readonly earliestStartMs: number;
}

const priorityShift = 2 ** 31;

const noVictims = unresolvable('No preemption victims found for incoming pod');

/** What the selection looks at besides pod and node. */
export interface VictimRules {
  readonly handle: Pick<
    SchedulerHandle,
    'runFilters' | 'runAddPod' | 'runRemovePod' | 'mutableCopy'
  >;
  readonly budgets: readonly PodDisruptionBudget[];
  readonly nowMs: number;
}

/**
 * The fewest pods of less priority without which the pod fits on the node, or why there are none. All of them are taken away, and those
 * that can stay are put back, the ones that matter most first, before all those whose budget would be broken.
 */
export function selectVictims(
  state: CycleState,
  pod: PodInfo,
  node: NodeInfo,
  { handle, budgets, nowMs }: VictimRules,
): Victims | PluginStatus {
  const potential = node.pods.filter(({ priority }) => priority < pod.priority);
  if (potential.length === 0) return noVictims;
  const copy = handle.mutableCopy(node);
  const supposed = state.clone();
  const remove = (victim: PodInfo) => {
    copy.remove(victim);
    return handle.runRemovePod(supposed, pod, victim, copy);
  };
  const add = (victim: PodInfo) => {
    copy.add(victim);
    return handle.runAddPod(supposed, pod, victim, copy);
  };
  for (const victim of potential) {
    const problem = remove(victim);
    if (problem !== null) return asFailure(problem);
  }
  const refusal = handle.runFilters(supposed, pod, copy);
  if (refusal !== null) return refusal;
  potential.sort(byImportance(nowMs));
  const { violating, others } = podsByBudget(potential, budgets);
  const victims: PodInfo[] = [];
  let budgetViolations = 0;
  for (const [at, victim] of [...violating, ...others].entries()) {
    const problem = add(victim);
    if (problem !== null) return asFailure(problem);
    if (handle.runFilters(supposed, pod, copy) === null) continue;
    const undone = remove(victim);
    if (undone !== null) return asFailure(undone);
    victims.push(victim);
    if (at < violating.length) budgetViolations++;
  }
  if (victims.length === 0)
    return failure(`expected at least one victim pod on node ${JSON.stringify(node.name)}`);
  return victimsOf(node.name, victims, budgetViolations, nowMs);
}

/** What is weighed of pods that give way; at least one. */
export function victimsOf(
  nodeName: string,
  victims: readonly PodInfo[],
  budgetViolations: number,
  nowMs: number,
): Victims {
  const pods = [...victims].sort(byImportance(nowMs));
  return {
    ...{ nodeName, pods, budgetViolations },
    prioritySum: pods.reduce((sum, { priority }) => sum + priority + priorityShift, 0),
    // Of one priority, who began first comes first.
    earliestStartMs: startMs(pods[0] as PodInfo, nowMs),
  };
}

function asFailure({ reasons }: PluginStatus): PluginStatus {
  return failure(reasons.join(', '));
}
