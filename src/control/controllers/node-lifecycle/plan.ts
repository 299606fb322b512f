import type { Node, NodeCondition } from '../../api/gen/core-v1.js';
import { nodeCondition } from '../nodes/node-state.js';
import { lostConditions } from './health.js';
import { hasEvictionTaint } from './taints.js';

/** How a node does, and what it is measured by. */
export interface NodeNeeds {
  readonly node: Node;
  /** Since the last sign of life. */
  readonly silenceMs: number;
  readonly graceMs: number;
  /** For a node that has never written its status. */
  readonly startupGraceMs: number;
  /** RFC 3339. */
  readonly now: string;
}

/** What to do about a node. */
export interface NodePlan {
  /** Null: they stay. */
  readonly conditions: readonly NodeCondition[] | null;
  /** It was ready until now: its pods are not any more. */
  readonly isLost: boolean;
  readonly isReady: boolean;
  /**
   * What of its NoExecute taint: `queue`: it gets one when its zone's rate allows; `swap`: it has one already, perhaps of the other
   * kind; `clear`: it has one and is ready; `none`: it is ready and has none.
   */
  readonly eviction: 'queue' | 'swap' | 'clear' | 'none';
}

/** Plans what a look at a node finds. One that has just become silent is queued at the next look, when its zone is known to do well. */
export function planNode({ node, silenceMs, graceMs, startupGraceMs, now }: NodeNeeds): NodePlan {
  const status = nodeCondition(node, 'Ready')?.status;
  const isSilent = silenceMs > (status === undefined ? startupGraceMs : graceMs);
  const isTainted = hasEvictionTaint(node);
  return {
    conditions: isSilent ? lostConditions(node, now) : null,
    isLost: isSilent && status === 'True',
    isReady: !isSilent && status === 'True',
    eviction: evictionOf(status, isTainted),
  };
}

function evictionOf(status: string | undefined, isTainted: boolean): NodePlan['eviction'] {
  switch (status) {
    case 'True':
      return isTainted ? 'clear' : 'none';
    case 'False':
    case 'Unknown':
      return isTainted ? 'swap' : 'queue';
    default:
      return 'none';
  }
}
