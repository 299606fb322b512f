import { isPodReady } from '../../../src/control/api/core-v1/pod/pod-state.js';
import type { Pod } from '../../../src/control/api/gen/core-v1.js';

/** Whether a Deployment counts this pod as one that it has. */
export function isThere({ metadata, status }: Pod): boolean {
  const hasEnded = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  return metadata?.deletionTimestamp === undefined && !hasEnded;
}

/** Whether it serves. */
export function isServing(pod: Pod): boolean {
  return isThere(pod) && isPodReady(pod);
}

/** Whether there are `count` pods, all serving. */
export function areServing(count: number): (pods: readonly Pod[]) => boolean {
  return (pods) => pods.length === count && pods.every(isServing);
}

/** The image of its first container. */
export function imageOf({ spec }: Pod): string | undefined {
  return spec?.containers?.[0]?.image;
}

/** A pod's name; '' of none. */
export function nameOf({ metadata }: { readonly metadata?: { readonly name?: string } }): string {
  return metadata?.name ?? '';
}
