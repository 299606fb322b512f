import { podRequests } from '../../api/core-v1/pod/pod-amounts.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { Quantity } from '../../machinery/quantity.js';

/** A pod, and what it uses of what has become scarce. */
export interface Candidate {
  readonly pod: Pod;
  readonly usedBytes: number;
}

/**
 * Who is evicted first when memory or disk is scarce: who uses more than was asked for, then the lowest priority, then who exceeds its
 * request most. Pure.
 */
export function rankForEviction(
  candidates: readonly Candidate[],
  resource: 'memory' | 'ephemeral-storage',
): readonly Candidate[] {
  const excess = ({ pod, usedBytes }: Candidate) => usedBytes - requestOf(pod, resource);
  return [...candidates].sort((a, b) => {
    const [x, y] = [excess(a), excess(b)];
    const byExcess = Number(y > 0) - Number(x > 0);
    if (byExcess !== 0) return byExcess;
    const byPriority = (a.pod.spec?.priority ?? 0) - (b.pod.spec?.priority ?? 0);
    return byPriority === 0 ? y - x : byPriority;
  });
}

/** What a pod asked for. */
export function requestOf(pod: Pod, resource: string): number {
  return Number(Quantity.parse(String(podRequests(pod)[resource] ?? '0')).value());
}
