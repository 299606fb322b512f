import type { QueueName } from '../queue/scheduling-queue.js';

/** How an attempt to place a pod ended. */
export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

/** Is told what the scheduler does, for metrics. Does little and never fails. */
export interface SchedulerObserver {
  /** One cycle; `algorithmMs` is the search for a node alone. */
  onAttempt(
    result: AttemptResult,
    profile: string,
    times: { totalMs: number; algorithmMs: number },
  ): void;
  /** A pod is bound, so many attempts and milliseconds after it was first tried. */
  onBound(attempts: number, sinceFirstAttemptMs: number): void;
  onIncoming(queue: QueueName, event: string): void;
}

/** Nobody watches. */
export const noObserver: SchedulerObserver = {
  onAttempt() {},
  onBound() {},
  onIncoming() {},
};
