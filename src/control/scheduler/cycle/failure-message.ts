import type { NodeStatuses } from '../framework/plugin.js';
import { countsOf } from './refused-nodes.js';

/** Why a pod fits nowhere. */
export interface Misfit {
  readonly nodeCount: number;
  readonly statuses: NodeStatuses;
  /** Of a pre-filter that refused the pod before any node was asked; '' when none did. */
  readonly preFilterMessage: string;
  /** What the post-filters say; '' for nothing. */
  readonly postFilterMessage: string;
}

/** What a pod is told when there are no nodes. */
export const noNodesMessage = 'no nodes available to schedule pods';
/** An event's text may not be longer. */
const noteLengthMax = 1024;
const cutMark = ' ...';

/** As Kubernetes words it: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: ...`. */
export function misfitMessage(misfit: Misfit): string {
  const { nodeCount, preFilterMessage, postFilterMessage } = misfit;
  const reasons = preFilterMessage === '' ? countedReasons(misfit) : preFilterMessage;
  return [
    `0/${nodeCount} nodes are available:`,
    ...(reasons === '' ? [] : [`${reasons}.`]),
    ...(postFilterMessage === '' ? [] : [postFilterMessage]),
  ].join(' ');
}

function countedReasons({ nodeCount, statuses: { byNode, others } }: Misfit): string {
  const counts = new Map<string, number>();
  const count = (reasons: readonly string[], nodes: number) => {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + nodes);
  };
  for (const [{ reasons }, nodes] of countsOf(byNode)) count(reasons, nodes);
  if (others !== null && byNode.size < nodeCount) count(others.reasons, nodeCount - byNode.size);
  return [...counts]
    .map(([reason, nodes]) => `${nodes} ${reason}`)
    .sort()
    .join(', ');
}

/** The message as an event may carry it. */
export function truncateNote(message: string): string {
  return message.length <= noteLengthMax
    ? message
    : `${message.slice(0, noteLengthMax - cutMark.length)}${cutMark}`;
}
