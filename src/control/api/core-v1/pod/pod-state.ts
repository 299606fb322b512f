import type { Pod, PodCondition } from '../../gen/core-v1.js';

/** A condition of a pod's status. */
export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

/** It takes traffic. */
export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** It has been ready for so long. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = podCondition(pod, 'Ready');
  if (ready?.status !== 'True') return false;
  if (minReadySeconds <= 0) return true;
  const sinceMs = Date.parse(ready.lastTransitionTime ?? '');
  return Number.isFinite(sinceMs) && sinceMs + minReadySeconds * 1000 <= nowMs;
}

/** Its containers have ended and will not run again. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** It runs or will run: it has not ended, and nobody has deleted it. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}
