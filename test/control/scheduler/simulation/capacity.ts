import type { Node, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { amountsOf } from '../../../../src/control/scheduler/framework/amounts.js';
import { podInfoOf } from '../../../../src/control/scheduler/framework/pod-info.js';

/**
 * Whether pods may be together on a node, computed anew each time and the plain way: what the scheduler's sums and indexes are checked
 * against. The words of what is wrong, or null.
 */
export function overloadOf(node: Node, pods: readonly Pod[]): string | null {
  const room = amountsOf((node.status?.allocatable ?? {}) as Record<string, string>);
  let milliCpu = 0;
  let memoryBytes = 0;
  const ports = new Set<number>();
  const colors = new Set<string>();
  for (const pod of pods) {
    const { requests, hostPorts, requiredAntiAffinity } = podInfoOf(pod);
    milliCpu += requests.milliCpu;
    memoryBytes += requests.memoryBytes;
    for (const { port } of hostPorts) {
      if (ports.has(port)) return `port ${port} is taken twice`;
      ports.add(port);
    }
    if (requiredAntiAffinity.length === 0) continue;
    const color = pod.metadata.labels?.color ?? '';
    if (colors.has(color)) return `two pods of color ${color} that must not be together`;
    colors.add(color);
  }
  if (milliCpu > room.milliCpu) return `${milliCpu}m of ${room.milliCpu}m CPU`;
  if (memoryBytes > room.memoryBytes) return `${memoryBytes} of ${room.memoryBytes} bytes`;
  return pods.length > room.pods ? `${pods.length} of ${room.pods} pods` : null;
}

/** Whether a pod could run on a node beside others. */
export function couldRun(pod: Pod, node: Node, others: readonly Pod[]): boolean {
  return node.spec?.unschedulable !== true && overloadOf(node, [...others, pod]) === null;
}
