import type { PodDisruptionBudget } from '../../api/gen/policy-v1.js';
import { RefusedNodes } from '../cycle/refused-nodes.js';
import type { CycleState } from '../framework/cycle-state.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { NodeStatuses, PluginStatus } from '../framework/plugin.js';
import type { SchedulerHandle } from '../framework/scheduler-handle.js';
import { type PotentialNodes, potentialNodes } from './potential-nodes.js';
import { enoughCandidates, type PreemptionArgs } from './preemption-args.js';
import { selectVictims, type Victims } from './select-victims.js';
import type { NodeVictims, VictimMemo, VictimsFound } from './victim-memo.js';

/** What is known of budgets; `version` is another whenever one has changed. */
export interface Budgets {
  readonly version: number;
  readonly list: readonly PodDisruptionBudget[];
}

/** What is looked for. */
export interface CandidateSearch {
  readonly handle: SchedulerHandle;
  readonly args: PreemptionArgs;
  readonly state: CycleState;
  readonly pod: PodInfo;
  readonly refused: NodeStatuses;
  readonly budgets: Budgets;
  readonly memo: VictimMemo;
  readonly nowMs: number;
}

/** Nodes on which a preemption makes room, and why there is none on others that were tried. */
export interface CandidatesFound {
  /** Those that break no budget come first. */
  readonly candidates: readonly Victims[];
  readonly statuses: ReadonlyMap<string, PluginStatus>;
  /** Of a node where something went wrong; null when nothing did. */
  readonly error: PluginStatus | null;
}

/** Tries nodes from a random one on, until there are enough candidates and one of them breaks no budget. */
export function findCandidates(search: CandidateSearch): CandidatesFound {
  const { handle, args, refused } = search;
  const potential = potentialNodes(refused, handle.snapshot());
  const { length } = potential;
  const enough = enoughCandidates(args, length);
  const offset = length === 0 ? 0 : handle.prng.int(0, length);
  const own = handle.nominatedNode(search.pod.uid);
  const memo = memoOf(search, potential);
  const harmless: Victims[] = [];
  const harmful: Victims[] = [];
  const failed: NodeInfo[] = [];
  const refusals: PluginStatus[] = [];
  let error: PluginStatus | null = null;
  for (let i = 0, at = offset; i < length; i++, at++) {
    if (at === length) at = 0;
    const node = potential.nodeAt(at);
    // Pods are judged beside what others are promised: what was found for another holds for no pod whose own promise is there.
    const known = memo === null || node.name === own ? null : memo;
    const found = victimsOn(node, potential.placeOf(at), search, known);
    if ('code' in found) {
      failed.push(node);
      refusals.push(found);
      if (found.code === 'error') error ??= found;
      continue;
    }
    (found.budgetViolations === 0 ? harmless : harmful).push(found);
    if (harmless.length > 0 && harmless.length + harmful.length >= enough) break;
  }
  const statuses = RefusedNodes.some(failed, refusals);
  return { candidates: [...harmless, ...harmful], statuses, error };
}

/** What is known of nodes that other pods of the template were tried on. */
function memoOf(
  { handle, state, pod, memo, budgets }: CandidateSearch,
  { all }: PotentialNodes,
): NodeVictims | null {
  if (all === null || !handle.hasLocalFilters(state)) return null;
  return memo.of(pod, all, budgets.version);
}

function victimsOn(
  node: NodeInfo,
  place: number,
  { handle, state, pod, budgets, nowMs }: CandidateSearch,
  memo: NodeVictims | null,
): VictimsFound {
  const known = memo?.find(place, node);
  if (known !== undefined) return known;
  const found = selectVictims(state, pod, node, { handle, budgets: budgets.list, nowMs });
  memo?.keep(place, node, found);
  return found;
}
