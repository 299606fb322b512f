import type { Node, NodeCondition } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';
import { nodeCondition } from '../nodes/node-state.js';

/** Conditions that nobody but the node knows; the network's is the control plane's own. */
const nodeConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

interface Health {
  /** When a sign of life was seen last, by the controller's own clock: clocks of nodes may differ. */
  seenMs: number;
  /** The Ready condition's last heartbeat; undefined before the first. */
  heartbeat: string | undefined;
  /** Of the lease; milliseconds since the epoch. */
  renewMs: number | null;
}

/** When each node was seen alive: it wrote its status, or renewed its lease. Costs one entry a node. */
export class NodeHealth {
  readonly #byName = new Map<string, Health>();

  /** The informer shows a node. `wallMs` is the time of day at `nowMs`. */
  onNode(node: Node, nowMs: number, wallMs: number): void {
    const ready = nodeCondition(node, 'Ready');
    const heartbeat = ready?.lastHeartbeatTime;
    const name = node.metadata.name ?? '';
    const known = this.#byName.get(name);
    if (known === undefined) {
      const createdMs = parseTime(node.metadata.creationTimestamp ?? '') ?? wallMs;
      // Who has never said anything is waited for since it came.
      const seenMs = ready === undefined ? nowMs - Math.max(0, wallMs - createdMs) : nowMs;
      this.#byName.set(name, { seenMs, heartbeat, renewMs: null });
      return;
    }
    if (known.heartbeat === heartbeat) return;
    known.heartbeat = heartbeat;
    known.seenMs = nowMs;
  }

  /** The node's lease was renewed at `renewTime`. */
  onLease(name: string, renewTime: string | undefined, nowMs: number): void {
    const known = this.#byName.get(name);
    const renewMs = parseTime(renewTime ?? '');
    if (known === undefined || renewMs === null) return;
    if (known.renewMs !== null && renewMs <= known.renewMs) return;
    known.renewMs = renewMs;
    known.seenMs = nowMs;
  }

  /** The controller itself has written the node's conditions: no sign of life. */
  onOwnWrite(node: Node): void {
    const known = this.#byName.get(node.metadata.name ?? '');
    if (known !== undefined) known.heartbeat = nodeCondition(node, 'Ready')?.lastHeartbeatTime;
  }

  /** Milliseconds since the last sign of life; null for a node that is not known. */
  silenceMs(name: string, nowMs: number): number | null {
    const known = this.#byName.get(name);
    return known === undefined ? null : nowMs - known.seenMs;
  }

  /** All nodes count as seen now: it was the controller that could not hear them. */
  onHearingAgain(nowMs: number): void {
    for (const health of this.#byName.values()) health.seenMs = nowMs;
  }

  forget(name: string): void {
    this.#byName.delete(name);
  }
}

/** The node's conditions when it is not heard any more; null when they say so already. */
export function lostConditions(node: Node, now: string): readonly NodeCondition[] | null {
  const before = node.status?.conditions ?? [];
  const lost = before.map((condition) => {
    if (!nodeConditions.includes(condition.type ?? '') || condition.status === 'Unknown') {
      return condition;
    }
    return {
      ...{ ...condition, status: 'Unknown', reason: 'NodeStatusUnknown' },
      ...{ message: 'Kubelet stopped posting node status.', lastTransitionTime: now },
    };
  });
  const missing = nodeConditions.filter((type) => nodeCondition(node, type) === undefined);
  const isSaid = missing.length === 0 && lost.every((condition, at) => condition === before[at]);
  if (isSaid) return null;
  const { creationTimestamp: created } = node.metadata;
  const never = missing.map((type) => ({
    ...{ type, status: 'Unknown', reason: 'NodeStatusNeverUpdated' },
    message: 'Kubelet never posted node status.',
    ...(created === undefined ? {} : { lastHeartbeatTime: created }),
    lastTransitionTime: now,
  }));
  return [...lost, ...never];
}
