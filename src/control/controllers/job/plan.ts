import { isPodReady } from '../../api/core-v1/pod/pod-state.js';
import type { Finish } from './conditions.js';
import { deadlineInMs, finishOf } from './finish.js';
import { type JobState, type JobView, observeJob } from './observe.js';
import { type PodAction, podAction } from './pod-actions.js';

/** What to do about a job first: before its status is written. */
export interface JobPlan {
  readonly view: JobView;
  /** The job ends, but for running out of work. */
  readonly finish: Finish | null;
  readonly action: PodAction;
  /** The pods are as they should be, or the action makes them so. */
  readonly isManaged: boolean;
  /** Look again then, whatever happens. */
  readonly againMs: number | null;
}

/** What came of a plan's action. */
export interface ActionOutcome {
  readonly created: number;
  /** Names of pods that are deleted now. */
  readonly deleted: ReadonlySet<string>;
}

/** Decides about the pods of a job that has not ended. Pure. */
export function planJob(state: JobState): JobPlan {
  const view = observeJob(state);
  const finish = finishOf(view);
  const againMs = finish === null ? deadlineInMs(view) : null;
  if (finish !== null) {
    const action: PodAction =
      view.active.length === 0 ? { kind: 'none' } : { kind: 'stop', pods: view.active };
    return { view, finish, action, isManaged: false, againMs };
  }
  const isManaged = state.isSettled && state.job.metadata.deletionTimestamp === undefined;
  const action = isManaged ? podAction(view) : ({ kind: 'none' } as const);
  const waitMs = action.kind === 'wait' ? action.delayMs : null;
  return { view, finish, action, isManaged, againMs: earlier(againMs, waitMs) };
}

/** The numbers of pods once the action is done. */
export function countsAfter(
  { view }: JobPlan,
  { created, deleted }: ActionOutcome,
): { readonly active: number; readonly ready: number; readonly terminating: number } {
  const left = view.active.filter(({ metadata }) => !deleted.has(metadata.name ?? ''));
  return {
    active: left.length + created,
    ready: left.filter(isPodReady).length,
    terminating: view.terminating.length + view.active.length - left.length,
  };
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}
