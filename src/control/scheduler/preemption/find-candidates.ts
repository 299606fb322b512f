import type { PodDisruptionBudget } from '../../api/gen/policy-v1.js';
import { RefusedNodes } from '../cycle/refused-nodes.js';
import type { CycleState } from '../framework/cycle-state.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { NodeList, NodeStatuses, PluginStatus } from '../framework/plugin.js';
import type { SchedulerHandle } from '../framework/scheduler-handle.js';
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
  const nodes = potentialNodes(refused, handle.snapshot());
  const enough = enoughCandidates(args, nodes.length);
  const offset = nodes.length === 0 ? 0 : handle.prng.int(0, nodes.length);
  const own = handle.nominatedNode(search.pod.uid);
  const memo = handle.hasLocalFilters(search.state)
    ? search.memo.of(search.pod, search.budgets.version)
    : null;
  const harmless: Victims[] = [];
  const harmful: Victims[] = [];
  const failed: NodeInfo[] = [];
  const refusals: PluginStatus[] = [];
  let error: PluginStatus | null = null;
  for (let i = 0, at = offset; i < nodes.length; i++, at++) {
    if (at === nodes.length) at = 0;
    const node = nodes[at] as NodeInfo;
    // Pods are judged beside what others are promised: what was found for another holds for no pod whose own promise is there.
    const found = victimsOn(node, search, node.name === own ? null : memo);
    if ('code' in found) {
      failed.push(node);
      refusals.push(found);
      if (found.code === 'error') error ??= found;
      continue;
    }
    (found.budgetViolations === 0 ? harmless : harmful).push(found);
    if (harmless.length > 0 && harmless.length + harmful.length >= enough) break;
  }
  const statuses = new RefusedNodes(failed, refusals);
  return { candidates: [...harmless, ...harmful], statuses, error };
}

/** Nodes that were refused for something that pods who leave can change. */
function potentialNodes({ byNode, others }: NodeStatuses, nodes: NodeList): readonly NodeInfo[] {
  const potential: NodeInfo[] = [];
  if (byNode instanceof RefusedNodes) {
    byNode.forEachNode((node, { code }) => {
      if (code === 'unschedulable') potential.push(node);
    });
  } else {
    byNode.forEach(({ code }, name) => {
      const node = nodes.get(name);
      if (code === 'unschedulable' && node !== undefined) potential.push(node);
    });
  }
  if (others?.code === 'unschedulable') {
    for (const node of nodes.all) if (!byNode.has(node.name)) potential.push(node);
  }
  return potential;
}

function victimsOn(
  node: NodeInfo,
  { handle, state, pod, budgets, nowMs }: CandidateSearch,
  memo: NodeVictims | null,
): VictimsFound {
  const known = memo?.find(node);
  if (known !== undefined) return known;
  const found = selectVictims(state, pod, node, { handle, budgets: budgets.list, nowMs });
  memo?.keep(node, found);
  return found;
}
