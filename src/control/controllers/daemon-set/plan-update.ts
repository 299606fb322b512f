import { isPodAvailable } from '../../api/core-v1/pod/pod-state.js';
import type { DaemonSet } from '../../api/gen/apps-v1.js';
import type { Node, Pod } from '../../api/gen/core-v1.js';
import { intOrPercent } from '../pods/index.js';
import { isUpdated, nodeJudge } from './daemon-pod.js';
import type { DaemonState } from './daemon-state.js';

/** How many nodes may be without an available pod, or with two pods, while an update runs. */
export interface DaemonBounds {
  readonly unavailable: number;
  readonly surge: number;
}

/** The bounds that a DaemonSet states, for so many nodes. Shares are rounded up; when both come out as nothing, one may be unavailable. */
export function boundsOf({ spec }: DaemonSet, nodes: number): DaemonBounds {
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  if ((type ?? 'RollingUpdate') !== 'RollingUpdate') return { unavailable: 0, surge: 0 };
  const surge = intOrPercent(rollingUpdate?.maxSurge ?? 0, nodes, 'up');
  const unavailable = intOrPercent(rollingUpdate?.maxUnavailable ?? 1, nodes, 'up');
  return surge === 0 && unavailable === 0 ? { unavailable: 1, surge } : { unavailable, surge };
}

/** What a node has. */
interface NodePods {
  readonly node: string;
  readonly shouldRun: boolean;
  /** Of the present template. */
  readonly updated: Pod | null;
  readonly former: Pod | null;
  /** No pod, or more than one of a kind: not this step's business, and not available. */
  readonly isUnclear: boolean;
}

/** A step of a rolling update, when every node has what it should have but for the template. */
export function planUpdate(
  state: DaemonState,
  byNode: ReadonlyMap<string, readonly Pod[]>,
): { readonly create: readonly string[]; readonly remove: readonly Pod[] } {
  const { set, nodes, nowMs } = state;
  const judge = nodeJudge(set);
  const wanted = nodes.filter((node) => judge(node).shouldRun);
  const names = new Set([...wanted.map(nameOf), ...byNode.keys()]);
  const shouldRun = new Set(wanted.map(nameOf));
  const all = [...names].map((name) =>
    nodePods(state, name, shouldRun.has(name), byNode.get(name) ?? []),
  );
  const bounds = boundsOf(set, wanted.length);
  const isAvailable = (pod: Pod) => isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
  return bounds.surge === 0
    ? { create: [], remove: replacements(all, bounds.unavailable, isAvailable) }
    : surges(all, bounds.surge, isAvailable);
}

function nameOf({ metadata }: Node): string {
  return metadata.name ?? '';
}

function nodePods(
  { set, hash }: DaemonState,
  node: string,
  shouldRun: boolean,
  pods: readonly Pod[],
): NodePods {
  const present = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const updated = present.filter((pod) => isUpdated(set, pod, hash));
  const former = present.filter((pod) => !isUpdated(set, pod, hash));
  const isUnclear = present.length === 0 || updated.length > 1 || former.length > 1;
  return { node, shouldRun, updated: updated[0] ?? null, former: former[0] ?? null, isUnclear };
}

type IsAvailable = (pod: Pod) => boolean;

/** Former pods to delete: those that are not available anyhow, and as many others as nodes may be without. */
function replacements(
  all: readonly NodePods[],
  unavailableMax: number,
  isAvailable: IsAvailable,
): readonly Pod[] {
  const useless: Pod[] = [];
  const useful: Pod[] = [];
  let unavailable = 0;
  for (const { updated, former, isUnclear } of all) {
    if (isUnclear || (updated !== null && former !== null)) unavailable++;
    else if (updated !== null) unavailable += isAvailable(updated) ? 0 : 1;
    else if (former !== null && isAvailable(former)) useful.push(former);
    else if (former !== null) {
      useless.push(former);
      unavailable++;
    }
  }
  return [...useless, ...useful.slice(0, Math.max(0, unavailableMax - unavailable))];
}

/** Nodes that get a pod beside the former one, and former ones whose successor is available. */
function surges(
  all: readonly NodePods[],
  surgeMax: number,
  isAvailable: IsAvailable,
): { readonly create: readonly string[]; readonly remove: readonly Pod[] } {
  const remove: Pod[] = [];
  const without: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  for (const { node, shouldRun, updated, former, isUnclear } of all) {
    if (isUnclear) surging++;
    else if (former === null) continue;
    else if (updated !== null && isAvailable(updated)) remove.push(former);
    else if (updated !== null) surging++;
    else if (!shouldRun) continue;
    else if (isAvailable(former)) candidates.push(node);
    else without.push(node);
  }
  return { create: [...without, ...candidates.slice(0, Math.max(0, surgeMax - surging))], remove };
}
