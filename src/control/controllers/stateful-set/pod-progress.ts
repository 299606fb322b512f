import { isPodAvailable, isPodReady } from '../../api/core-v1/pod/pod-state.js';
import type { Pod } from '../../api/gen/core-v1.js';

/** The server has it: one that is only planned has no phase. */
export function isCreated({ status }: Pod): boolean {
  return (status?.phase ?? '') !== '';
}

/** It was deleted, and its containers may run still. */
export function isTerminating({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** It runs and takes traffic. */
export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodReady(pod);
}

/** It does so for long enough. */
export function isRunningAndAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return pod.status?.phase === 'Running' && isPodAvailable(pod, minReadySeconds, nowMs);
}
