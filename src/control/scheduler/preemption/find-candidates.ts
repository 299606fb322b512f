import { defined } from '../../../base/assert.js';
import type { PodDisruptionBudget } from '../../api/gen/policy-v1.js';
import type { CycleState } from '../framework/cycle-state.js';
import type { PodInfo } from '../framework/node-info.js';
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
  const nodes = handle.snapshot();
  const names = potentialNodes(refused, nodes);
  const enough = enoughCandidates(args, names.length);
  const offset = names.length === 0 ? 0 : handle.prng.int(0, names.length);
  const harmless: Victims[] = [];
  const harmful: Victims[] = [];
  const statuses = new Map<string, PluginStatus>();
  const known = handle.hasLocalFilters(search.state)
    ? search.memo.of(search.pod, search.budgets.version)
    : null;
  let error: PluginStatus | null = null;
  for (let i = 0; i < names.length; i++) {
    const name = names[(offset + i) % names.length] as string;
    const found = victimsOn(name, nodes, search, known);
    if ('code' in found) {
      statuses.set(name, found);
      if (found.code === 'error') error ??= found;
      continue;
    }
    (found.budgetViolations === 0 ? harmless : harmful).push(found);
    if (harmless.length > 0 && harmless.length + harmful.length >= enough) break;
  }
  return { candidates: [...harmless, ...harmful], statuses, error };
}

/** Nodes that were refused for something that pods who leave can change. */
function potentialNodes({ byNode, others }: NodeStatuses, { all }: NodeList): readonly string[] {
  const names: string[] = [];
  byNode.forEach(({ code }, name) => {
    if (code === 'unschedulable') names.push(name);
  });
  if (others?.code === 'unschedulable') {
    for (const { name } of all) if (!byNode.has(name)) names.push(name);
  }
  return names;
}

function victimsOn(
  name: string,
  nodes: NodeList,
  { handle, state, pod, budgets, nowMs }: CandidateSearch,
  memo: NodeVictims | null,
): VictimsFound {
  const node = defined(nodes.get(name), `node ${name}`);
  const isAlone = handle.nominatedPods(name).length === 0;
  const known = isAlone ? memo?.find(node) : undefined;
  if (known !== undefined) return known;
  const found = selectVictims(state, pod, node, { handle, budgets: budgets.list, nowMs });
  if (isAlone) memo?.keep(node, found);
  return found;
}
