import { type Clock, sleep } from '../../../base/clock.js';
import type { Pod } from '../../api/gen/core-v1.js';
import type { PodWorker } from './pod-worker.js';

const criticalPriority = 2_000_000_000;
const pollMs = 100;
const failure = {
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
};
const conditions = [
  {
    ...{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' },
    message: failure.message,
  },
];

/** How long a shutdown may take, and how much of that is for the pods that the cluster needs; 0: pods are not ended. */
export interface ShutDownTimes {
  readonly shutdownGraceMs: number;
  readonly shutdownGraceCriticalMs: number;
}

/** Ends pods before the machine goes: first the others, then those that the cluster needs, each within its time. */
export async function endPods(
  workers: () => Iterable<PodWorker>,
  { shutdownGraceMs, shutdownGraceCriticalMs }: ShutDownTimes,
  clock: Clock,
): Promise<void> {
  if (shutdownGraceMs === 0) return;
  const isCritical = ({ spec }: Pod) => (spec?.priority ?? 0) >= criticalPriority;
  const groups = [
    { isOf: (pod: Pod) => !isCritical(pod), ms: shutdownGraceMs - shutdownGraceCriticalMs },
    { isOf: isCritical, ms: shutdownGraceCriticalMs },
  ];
  for (const { isOf, ms } of groups) {
    const ending = [...workers()].filter(({ pod }) => isOf(pod));
    for (const worker of ending) worker.fail(failure, conditions, Math.floor(ms / 1000));
    const untilMs = clock.now() + ms;
    while (clock.now() < untilMs && ending.some(({ isEnded }) => !isEnded)) {
      await sleep(clock, pollMs);
    }
  }
}
