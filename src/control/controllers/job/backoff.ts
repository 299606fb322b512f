import { podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';

const baseMs = 10_000;
const maxMs = 600_000;

/** The failures of a job since a pod of it last succeeded: the next pod waits the longer, the more there are. */
export interface FailureRun {
  readonly failures: number;
  /** Wall-clock milliseconds; meaningless without failures. */
  readonly lastMs: number;
}

/** No failures. */
export const noFailures: FailureRun = { failures: 0, lastMs: 0 };

/** The run after more pods have ended. */
export function continueRun(
  run: FailureRun,
  { succeeded, failed }: { readonly succeeded: readonly Pod[]; readonly failed: readonly Pod[] },
): FailureRun {
  const failedMs = failed.map(finishedMs);
  if (succeeded.length === 0) {
    if (failed.length === 0) return run;
    return { failures: run.failures + failed.length, lastMs: Math.max(run.lastMs, ...failedMs) };
  }
  const successMs = Math.max(...succeeded.map(finishedMs));
  const since = failedMs.filter((ms) => ms > successMs);
  return since.length === 0 ? noFailures : { failures: since.length, lastMs: Math.max(...since) };
}

/** How long no pod is made yet: 10 s after the first failure, twice as long after each more, 10 minutes at most. */
export function remainingMs({ failures, lastMs }: FailureRun, nowMs: number): number {
  if (failures === 0) return 0;
  const pauseMs = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return Math.max(0, lastMs + pauseMs - nowMs);
}

/** When a pod ended: as far as is known, by its containers, its readiness, its deletion, or its creation. */
export function finishedMs({ metadata, status }: Pod): number {
  const containers = status?.containerStatuses ?? [];
  const ends = containers.map(({ state }) => timeMs(state?.terminated?.finishedAt));
  if (ends.length > 0 && ends.every((end) => end !== undefined)) return Math.max(...ends);
  const ready = podCondition({ metadata, ...(status && { status }) }, 'Ready');
  const unreadyMs = ready?.status === 'False' ? timeMs(ready.lastTransitionTime) : undefined;
  if (unreadyMs !== undefined) return unreadyMs;
  const deletedMs = timeMs(metadata.deletionTimestamp);
  if (deletedMs !== undefined) {
    return deletedMs - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  }
  return timeMs(metadata.creationTimestamp) ?? 0;
}

function timeMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : (parseTime(text) ?? undefined);
}
