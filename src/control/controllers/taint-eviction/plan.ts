import type { Pod, Taint } from '../../api/gen/core-v1.js';
import { matchingTolerations } from '../nodes/tolerations.js';

/** The taints of a node that drive pods away. */
export function evictingTaints(taints: readonly Taint[] | undefined): readonly Taint[] {
  return (taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

/**
 * How long a pod may stay on a node with these NoExecute taints, in milliseconds since it was first to go: the shortest time of the
 * tolerations that it has of them. Null: as long as it likes.
 */
export function stayMs(pod: Pod, taints: readonly Taint[]): number | null {
  if (taints.length === 0) return null;
  const used = matchingTolerations(pod.spec?.tolerations ?? [], taints);
  if (used === null) return 0;
  const times = used.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
  return times.length === 0 ? null : Math.max(0, Math.min(...times)) * 1000;
}
