import type { Node, Taint } from '../../api/gen/core-v1.js';
import { nodeCondition } from '../nodes/node-state.js';

const prefix = 'node.kubernetes.io/';
/** Taint of nodes that say that they cannot run pods. */
export const notReadyTaint = `${prefix}not-ready`;
/** Taint of nodes that say nothing. */
export const unreachableTaint = `${prefix}unreachable`;
const unschedulableTaint = `${prefix}unschedulable`;

/** The taint for each condition and status that keeps new pods away. */
const taintsByCondition: readonly (readonly [type: string, status: string, key: string])[] = [
  ['Ready', 'False', notReadyTaint],
  ['Ready', 'Unknown', unreachableTaint],
  ['MemoryPressure', 'True', `${prefix}memory-pressure`],
  ['DiskPressure', 'True', `${prefix}disk-pressure`],
  ['NetworkUnavailable', 'True', `${prefix}network-unavailable`],
  ['PIDPressure', 'True', `${prefix}pid-pressure`],
];
const ownKeys = [...taintsByCondition.map(([, , key]) => key), unschedulableTaint];

/** The node's taints, where those that keep new pods away (NoSchedule) follow its conditions; null when they do. Others stay. */
export function withConditionTaints(node: Node, now: string): readonly Taint[] | null {
  const wanted = taintsByCondition
    .filter(([type, status]) => nodeCondition(node, type)?.status === status)
    .map(([, , key]) => key);
  if (node.spec?.unschedulable === true) wanted.push(unschedulableTaint);
  return changed(node, {
    isOurs: ({ key = '', effect }) => effect === 'NoSchedule' && ownKeys.includes(key),
    ...{ wanted, effect: 'NoSchedule', now },
  });
}

/**
 * The node's taints, where those that drive pods away (NoExecute) follow whether it is ready; null when they do.
 * `isEvicting` false: a node that is not ready is spared.
 */
export function withEvictionTaint(
  node: Node,
  { isEvicting, now }: { readonly isEvicting: boolean; readonly now: string },
): readonly Taint[] | null {
  const status = nodeCondition(node, 'Ready')?.status;
  const key = status === 'False' ? notReadyTaint : status === 'Unknown' ? unreachableTaint : null;
  return changed(node, {
    isOurs: ({ key = '', effect }) =>
      effect === 'NoExecute' && (key === notReadyTaint || key === unreachableTaint),
    wanted: isEvicting && key !== null ? [key] : [],
    ...{ effect: 'NoExecute', now },
  });
}

/** Whether pods are driven away from the node because it is not ready. */
export function hasEvictionTaint({ spec }: Node): boolean {
  return (spec?.taints ?? []).some(
    ({ key, effect }) =>
      effect === 'NoExecute' && (key === notReadyTaint || key === unreachableTaint),
  );
}

function changed(
  { spec }: Node,
  {
    isOurs,
    wanted,
    effect,
    now,
  }: {
    readonly isOurs: (taint: Taint) => boolean;
    readonly wanted: readonly string[];
    readonly effect: string;
    readonly now: string;
  },
): readonly Taint[] | null {
  const before = spec?.taints ?? [];
  const kept = before.filter((taint) => !isOurs(taint) || wanted.includes(taint.key ?? ''));
  const missing = wanted.filter((key) => !kept.some((each) => isOurs(each) && each.key === key));
  if (kept.length === before.length && missing.length === 0) return null;
  return [...kept, ...missing.map((key) => ({ key, effect, timeAdded: now }))];
}
