import { isPodAvailable, isPodReady, podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';

/** How far pods are. */
export interface PodReadiness {
  readonly ready: number;
  /** Ready for at least `minReadySeconds`. */
  readonly available: number;
  /** When the next of the ready ones becomes available, unless something happens; null when there is none such. */
  readonly nextAvailableInMs: number | null;
}

/** Counts pods that are ready and available; time alone makes a ready pod available, so it says when to look again. */
export function countReadiness(
  pods: Iterable<Pod>,
  minReadySeconds: number,
  nowMs: number,
): PodReadiness {
  let [ready, available] = [0, 0];
  let nextAvailableInMs: number | null = null;
  for (const pod of pods) {
    if (!isPodReady(pod)) continue;
    ready++;
    if (isPodAvailable(pod, minReadySeconds, nowMs)) {
      available++;
      continue;
    }
    const sinceMs = parseTime(podCondition(pod, 'Ready')?.lastTransitionTime ?? '');
    if (sinceMs === null) continue;
    const inMs = Math.max(1, sinceMs + minReadySeconds * 1000 - nowMs);
    nextAvailableInMs = Math.min(nextAvailableInMs ?? inMs, inMs);
  }
  return { ready, available, nextAvailableInMs };
}
