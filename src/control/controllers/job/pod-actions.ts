import type { Pod } from '../../api/gen/core-v1.js';
import { continueRun, noFailures, remainingMs } from './backoff.js';
import { judgeFailure, replacesFailedOnly } from './failure-policy.js';
import { IndexSet } from './index-set.js';
import { allFailures, type JobView } from './observe.js';
import { earlierFailures, hasLimitPerIndex, validIndexOf } from './pod-marks.js';
import { surplusPods } from './removal-order.js';

/** Pods that are made or deleted at once, at most. */
const podsMax = 500;

/** A pod to make. */
export interface NewPod {
  /** Of an Indexed job. */
  readonly index?: number;
  /** How often its index failed before it; with limits for each index. */
  readonly failures?: { readonly counted: number; readonly ignored: number };
}

/** What to do about a job's pods. */
export type PodAction =
  | { readonly kind: 'none' }
  /** Too early after a failure. */
  | { readonly kind: 'wait'; readonly delayMs: number }
  /** Deleted, and counted once they have ended. */
  | { readonly kind: 'stop'; readonly pods: readonly Pod[] }
  /** Deleted without being counted. */
  | { readonly kind: 'remove'; readonly pods: readonly Pod[] }
  | { readonly kind: 'create'; readonly pods: readonly NewPod[] };

/** How the number of active pods comes to what a job that goes on wants. */
export function podAction(view: JobView): PodAction {
  const { job, active } = view;
  if (job.spec?.suspend === true) return removal(surplusPods(job, active, active.length));
  const wanted = activeWanted(view);
  const surplus = surplusPods(job, active, Math.max(0, active.length - wanted));
  if (surplus.length > 0) return removal(surplus.slice(0, podsMax));
  const held = replacesFailedOnly(job) ? view.terminating.length : 0;
  const missing = Math.min(wanted - active.length - held, podsMax);
  return missing > 0 ? creation(view, missing) : { kind: 'none' };
}

function removal(pods: readonly Pod[]): PodAction {
  return pods.length === 0 ? { kind: 'none' } : { kind: 'remove', pods };
}

function activeWanted({ job, active, succeededCount }: JobView): number {
  const { parallelism = 1, completions } = job.spec ?? {};
  // Without a number of completions the first success is the sign to finish: who runs goes on, nobody is added.
  if (completions === undefined) return succeededCount > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeededCount));
}

function creation(view: JobView, count: number): PodAction {
  const { job, indexes, runNow, nowMs } = view;
  if (hasLimitPerIndex(job)) return creationByIndex(view, pendingIndexes(view, count));
  const delayMs = remainingMs(runNow, nowMs);
  if (delayMs > 0) return { kind: 'wait', delayMs };
  const pods =
    indexes === null
      ? Array.from({ length: count }, () => ({}))
      : pendingIndexes(view, count).map((index) => ({ index }));
  return pods.length === 0 ? { kind: 'none' } : { kind: 'create', pods };
}

/** The lowest indexes that nobody works on and that are not done with. */
function pendingIndexes(
  { job, active, terminating, indexes }: JobView,
  count: number,
): readonly number[] {
  const taken = replacesFailedOnly(job) ? [...active, ...terminating] : active;
  const done = (indexes?.succeeded ?? IndexSet.empty)
    .union(indexes?.failed ?? IndexSet.empty)
    .with(taken.flatMap((pod) => validIndexOf(pod, job) ?? []));
  return done.firstMissing(count, job.spec?.completions ?? 0);
}

/** Each index has a back-off of its own. */
function creationByIndex(view: JobView, pending: readonly number[]): PodAction {
  const waits = pending.map((index) => ({ index, delayMs: indexDelayMs(view, index) }));
  const due = waits.filter(({ delayMs }) => delayMs === 0);
  if (due.length > 0) {
    const pods = due.map(({ index }) => ({ index, failures: failuresBefore(view, index) }));
    return { kind: 'create', pods };
  }
  if (waits.length === 0) return { kind: 'none' };
  return { kind: 'wait', delayMs: Math.min(...waits.map(({ delayMs }) => delayMs)) };
}

function indexDelayMs({ handingOver, nowMs }: JobView, index: number): number {
  const last = handingOver.get(index);
  if (last === undefined) return 0;
  const { lastMs } = continueRun(noFailures, { succeeded: [], failed: [last] });
  return remainingMs({ failures: allFailures(last) + 1, lastMs }, nowMs);
}

function failuresBefore(
  { job, handingOver }: JobView,
  index: number,
): NonNullable<NewPod['failures']> {
  const last = handingOver.get(index);
  if (last === undefined) return { counted: 0, ignored: 0 };
  const { counted, ignored } = earlierFailures(last);
  return judgeFailure(job, last).isCounted
    ? { counted: counted + 1, ignored }
    : { counted, ignored: ignored + 1 };
}
