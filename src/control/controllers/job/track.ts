import type { Pod } from '../../api/gen/core-v1.js';
import type { EventType } from '../../client/index.js';
import { formatTime } from '../../machinery/time.js';
import { type Finish, newCondition, withCondition } from './conditions.js';
import { isPodFailed, judgeFailure } from './failure-policy.js';
import { isUncounted, type JobView, uidOf } from './observe.js';
import { type ActionOutcome, countsAfter, type JobPlan } from './plan.js';
import { hasLimitPerIndex, isIndexed, validIndexOf } from './pod-marks.js';
import { countUntracked, type FullStatus, fullStatus } from './status.js';

/** Pods whose end a status names at once, at most. */
const uncountedMax = 500;

/** What is written before finalizers are removed, and which are. */
export interface Tracking {
  /** Names all pods of `untrack` whose end is to be counted. */
  readonly status: FullStatus;
  /** Their finalizers go once the status is written. */
  readonly untrack: readonly Pod[];
  /** UIDs of pods whose finalizers are still on. */
  readonly tracked: ReadonlySet<string>;
  /** The condition that ends the job, once everything is counted. */
  readonly end: Ending | null;
  readonly events: readonly JobEvent[];
}

/** The condition of a job that has ended. */
export interface Ending {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

/** An event of a job. */
export interface JobEvent {
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
}

/**
 * The status after the plan's action, with pods that have ended named in it. A pod's end is counted in two steps, so that nothing is
 * counted twice or lost whenever the controller stops: its UID is written into the status while its finalizer keeps it, and once the
 * finalizer is gone the UID gives way to a number. Of an Indexed job the index is enough. Pure.
 */
export function trackJob(plan: JobPlan, outcome: ActionOutcome): Tracking {
  const { view } = plan;
  const status = fullStatus(view.job.status);
  const counts = countsAfter(plan, outcome);
  const events: JobEvent[] = [];
  if (view.job.spec?.suspend !== true) status.startTime ??= formatTime(view.nowMs);
  const finish = finishNow(plan, outcome, counts.active);
  if (finish === null && plan.finish === null && plan.isManaged) {
    tellSuspension(view, status, events);
  }
  Object.assign(status, counts);
  const tracked = new Set(view.pods.filter((pod) => isUncounted(view, pod)).map(uidOf));
  countUntracked(status, tracked);
  const { untrack, isComplete } = namePods(view, status, finish);
  writeIndexes(view, status);
  if (finish !== null) announce(finish, status, view.nowMs);
  const end = finish === null || !isComplete ? null : endingOf(finish);
  return { status, untrack, tracked, end, events };
}

/** The status after the finalizers of `untracked` were removed, with the end of the job when everything is counted. Pure. */
export function settleJob(
  { status, tracked, end }: Tracking,
  untracked: ReadonlySet<string>,
  { job, nowMs }: Pick<JobView, 'job' | 'nowMs'>,
): { readonly status: FullStatus; readonly events: readonly JobEvent[] } {
  const next = fullStatus(status);
  countUntracked(next, new Set([...tracked].filter((uid) => !untracked.has(uid))));
  const { succeeded, failed } = next.uncountedTerminatedPods;
  const isOver = succeeded.length + failed.length === 0 && (next.terminating ?? 0) === 0;
  if (end === null || !isOver) return { status: next, events: [] };
  next.conditions = withCondition(next.conditions, end, nowMs) ?? next.conditions;
  if (end.type === 'Failed') {
    return {
      status: next,
      events: [{ type: 'Warning', reason: end.reason, message: end.message }],
    };
  }
  next.completionTime = formatTime(nowMs);
  const events: JobEvent[] = [{ type: 'Normal', reason: 'Completed', message: 'Job completed' }];
  if (next.succeeded > (job.spec?.completions ?? Number.POSITIVE_INFINITY)) {
    const message = 'Too many succeeded pods running after completion count reached';
    events.unshift({ type: 'Warning', reason: 'TooManySucceededPods', message });
  }
  return { status: next, events };
}

/** The end that holds now: one that was planned once all pods are stopped, or the one of a job that has nothing more to do. */
function finishNow(plan: JobPlan, { deleted }: ActionOutcome, active: number): Finish | null {
  const { view, finish } = plan;
  if (finish !== null) {
    // Pods that the informers have not shown yet could still be running.
    return view.isSettled && deleted.size === view.active.length ? finish : null;
  }
  const { completions } = view.job.spec ?? {};
  const isDone = view.succeededCount >= (completions ?? 1) && active === 0;
  return isDone ? completionsReached : null;
}

const completionsReached: Finish = {
  type: 'SuccessCriteriaMet',
  reason: 'CompletionsReached',
  message: 'Reached expected number of succeeded pods',
};

function tellSuspension({ job, nowMs }: JobView, status: FullStatus, events: JobEvent[]): void {
  const isSuspended = job.spec?.suspend === true;
  const message = isSuspended ? 'Job suspended' : 'Job resumed';
  const told = {
    type: 'Suspended',
    reason: isSuspended ? 'JobSuspended' : 'JobResumed',
    message,
  } as const;
  const conditions = withCondition(status.conditions, told, nowMs, isSuspended ? 'True' : 'False');
  if (conditions === null) return;
  status.conditions = conditions;
  events.push({ type: 'Normal', reason: isSuspended ? 'Suspended' : 'Resumed', message });
  // The time that a job may be active begins anew.
  if (!isSuspended) status.startTime = formatTime(nowMs);
}

/** Names the pods that have ended. `isComplete`: there are no more of them. */
function namePods(
  view: JobView,
  status: FullStatus,
  finish: Finish | null,
): { readonly untrack: readonly Pod[]; readonly isComplete: boolean } {
  const { succeeded, failed } = status.uncountedTerminatedPods;
  const untrack: Pod[] = [];
  let indexes = 0;
  for (const pod of view.pods) {
    if (!isUncounted(view, pod) || !mayUntrack(view, pod, finish)) continue;
    untrack.push(pod);
    switch (endOf(view, pod, finish)) {
      case 'succeeded':
        if (isIndexed(view.job)) indexes++;
        else if (!view.uncounted.succeeded.has(uidOf(pod))) succeeded.push(uidOf(pod));
        break;
      case 'failed':
        if (!view.uncounted.failed.has(uidOf(pod))) failed.push(uidOf(pod));
        break;
      case 'not-counted':
        break;
    }
    if (indexes + succeeded.length + failed.length >= uncountedMax) {
      return { untrack, isComplete: false };
    }
  }
  return { untrack, isComplete: true };
}

function mayUntrack(view: JobView, pod: Pod, finish: Finish | null): boolean {
  const { job, handingOver } = view;
  const isOver = job.metadata.deletionTimestamp !== undefined || finish !== null;
  if (isOver || pod.status?.phase === 'Succeeded') return true;
  if (!isPodFailed(pod, job)) return false;
  if (!hasLimitPerIndex(job)) return true;
  const index = validIndexOf(pod, job);
  return index === undefined || handingOver.get(index) !== pod;
}

function endOf(
  { job, uncounted }: JobView,
  pod: Pod,
  finish: Finish | null,
): 'succeeded' | 'failed' | 'not-counted' {
  if (pod.status?.phase === 'Succeeded' && !uncounted.failed.has(uidOf(pod))) return 'succeeded';
  // A job that fails takes its pods with it: those that had not ended are failures.
  const isFailing = finish !== null && finish.type !== 'SuccessCriteriaMet';
  if (!isPodFailed(pod, job) && !isFailing) return 'not-counted';
  if (isIndexed(job) && validIndexOf(pod, job) === undefined) return 'not-counted';
  return judgeFailure(job, pod).isCounted ? 'failed' : 'not-counted';
}

function writeIndexes({ indexes }: JobView, status: FullStatus): void {
  if (indexes === null) return;
  status.succeeded = indexes.succeeded.size;
  const completed = indexes.succeeded.toString();
  if (completed === '') delete status.completedIndexes;
  else status.completedIndexes = completed;
  if (indexes.failed === null) delete status.failedIndexes;
  else status.failedIndexes = indexes.failed.toString();
}

/** The condition that goes before the one of the end itself. */
function announce(finish: Finish, status: FullStatus, nowMs: number): void {
  if (finish.type === 'Failed') return;
  const isTold = status.conditions.some(
    ({ type, status: holds }) => type === finish.type && holds === 'True',
  );
  if (!isTold) status.conditions.push(newCondition(finish, nowMs));
}

function endingOf({ type, reason, message }: Finish): Ending {
  return { type: type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed', reason, message };
}
