import type { DaemonSet } from '../../api/gen/apps-v1.js';
import type { Node, Pod } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';
import { targetNode } from './daemon-pod.js';

/** What is known of a DaemonSet. */
export interface DaemonState {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  /** Its own. */
  readonly pods: readonly Pod[];
  /** Of the present template. */
  readonly hash: string;
  readonly nowMs: number;
}

/** The pods by the node that they are on or made for. Those that name none are left out. */
export function podsByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = targetNode(pod);
    if (node === null) continue;
    const there = byNode.get(node);
    if (there === undefined) byNode.set(node, [pod]);
    else there.push(pod);
  }
  return byNode;
}

/** Those on a node before those that wait, then the oldest first. */
export function byAssignmentAndAge(a: Pod, b: Pod): number {
  return (
    Number(isAssigned(b)) - Number(isAssigned(a)) ||
    createdMs(a) - createdMs(b) ||
    ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)
  );
}

function isAssigned({ spec }: Pod): boolean {
  return (spec?.nodeName ?? '') !== '';
}

function createdMs({ metadata }: Pod): number {
  return parseTime(metadata.creationTimestamp ?? '') ?? 0;
}
