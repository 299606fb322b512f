import { isPodReady, isPodTerminal, podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { Pod } from '../../api/gen/core-v1.js';
import type { Condition } from '../../api/gen/meta-v1.js';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/gen/policy-v1.js';
import type { IntOrString } from '../../api/gen/util-intstr.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { formatTime, parseTime } from '../../machinery/time.js';

/** A pod that was allowed to go and is still there so long after was not meant to go after all. */
const deletionTimeoutMs = 120_000;
/** So long a pod may be said to be disrupted without being deleted. */
const staleTimeoutMs = 120_000;

/** What a budget is counted by. */
export interface BudgetState {
  readonly budget: PodDisruptionBudget;
  /** Those that it selects. */
  readonly pods: readonly Pod[];
  /** The sum of the scales of what controls the pods; only where {@link needsScale}. */
  readonly scale: number;
  readonly nowMs: number;
}

/** What comes of counting. */
export interface BudgetCount {
  readonly status: PodDisruptionBudgetStatus;
  /** Pods that were allowed to go long ago and are still there. */
  readonly notDeleted: readonly Pod[];
  /** Count again then; null when nothing is awaited. */
  readonly againMs: number | null;
}

/** Whether the number of pods that there should be is the denominator: with percentages, and for what may be unavailable. */
export function needsScale({ spec = {} }: PodDisruptionBudget): boolean {
  return spec.maxUnavailable !== undefined || typeof spec.minAvailable === 'string';
}

/** Counts a budget. Pure. */
export function countBudget(state: BudgetState): BudgetCount {
  const { budget, pods, nowMs } = state;
  const { expected, desired } = wanted(state);
  const { disrupted, notDeleted, againMs } = stillDisrupted(state);
  const healthy = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      disrupted[pod.metadata.name ?? ''] === undefined &&
      isPodReady(pod),
  ).length;
  const allowed = expected <= 0 ? 0 : Math.max(0, healthy - desired);
  const status: PodDisruptionBudgetStatus = {
    ...{ currentHealthy: healthy, desiredHealthy: desired, expectedPods: expected },
    disruptionsAllowed: allowed,
    ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
    observedGeneration: budget.metadata.generation ?? 0,
  };
  const conditions = conditionsOf(budget, {
    ...{ type: 'DisruptionAllowed', status: allowed > 0 ? 'True' : 'False', message: '' },
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    observedGeneration: budget.metadata.generation ?? 0,
    lastTransitionTime: formatTime(nowMs),
  });
  return { status: { ...status, conditions }, notDeleted, againMs };
}

/** The status of a budget that cannot be counted: nothing is allowed. */
export function uncountableStatus(
  budget: PodDisruptionBudget,
  message: string,
  nowMs: number,
): PodDisruptionBudgetStatus {
  const { status = {} } = budget;
  const conditions = conditionsOf(budget, {
    ...{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message },
    observedGeneration: status.observedGeneration ?? 0,
    lastTransitionTime: formatTime(nowMs),
  });
  return { ...status, disruptionsAllowed: 0, conditions };
}

/** Whether the budget says so already. */
export function isCounted(
  { status = {} }: PodDisruptionBudget,
  counted: PodDisruptionBudgetStatus,
): boolean {
  const whole = (one: PodDisruptionBudgetStatus) => ({
    currentHealthy: one.currentHealthy ?? 0,
    desiredHealthy: one.desiredHealthy ?? 0,
    expectedPods: one.expectedPods ?? 0,
    disruptionsAllowed: one.disruptionsAllowed ?? 0,
    disruptedPods: one.disruptedPods ?? {},
    observedGeneration: one.observedGeneration ?? 0,
    conditions: (one.conditions ?? []).map(({ message = '', ...rest }) => ({ ...rest, message })),
  });
  return deepEqual(whole(status), whole(counted));
}

function wanted({ budget, pods, scale }: BudgetState): {
  readonly expected: number;
  readonly desired: number;
} {
  const { maxUnavailable, minAvailable } = budget.spec ?? {};
  if (maxUnavailable !== undefined) {
    return { expected: scale, desired: Math.max(0, scale - scaled(maxUnavailable, scale)) };
  }
  if (typeof minAvailable === 'string') {
    return { expected: scale, desired: scaled(minAvailable, scale) };
  }
  return minAvailable === undefined
    ? { expected: 0, desired: 0 }
    : { expected: pods.length, desired: minAvailable };
}

/** A number, or a percentage of `total`, rounded up. */
function scaled(value: IntOrString, total: number): number {
  if (typeof value === 'number') return value;
  return Math.ceil((Number(value.replace(/%$/, '')) * total) / 100);
}

function stillDisrupted({ budget, pods, nowMs }: BudgetState): {
  readonly disrupted: Record<string, string>;
  readonly notDeleted: readonly Pod[];
  readonly againMs: number | null;
} {
  const noted = budget.status?.disruptedPods ?? {};
  const disrupted: Record<string, string> = {};
  const notDeleted: Pod[] = [];
  let againMs: number | null = null;
  for (const pod of pods) {
    const name = pod.metadata.name ?? '';
    const since = Object.hasOwn(noted, name) ? noted[name] : undefined;
    if (since === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
    const leftMs = (parseTime(since) ?? 0) + deletionTimeoutMs - nowMs;
    if (leftMs < 0) {
      notDeleted.push(pod);
      continue;
    }
    disrupted[name] = since;
    againMs = Math.min(againMs ?? leftMs, leftMs);
  }
  return { disrupted, notDeleted, againMs };
}

/** The budget's conditions with one of them replaced; its time stays while its status does. */
function conditionsOf({ status }: PodDisruptionBudget, next: Condition): Condition[] {
  const conditions = status?.conditions ?? [];
  const at = conditions.findIndex(({ type }) => type === next.type);
  const before = conditions[at];
  if (before === undefined) return [...conditions, next];
  const { lastTransitionTime } = before.status === next.status ? before : next;
  return conditions.with(at, { ...next, ...(lastTransitionTime && { lastTransitionTime }) });
}

/**
 * Milliseconds until the pod's condition DisruptionTarget says nothing any more: somebody meant to delete the pod and did not. Null when
 * it has none, or means it.
 */
export function staleInMs(pod: Pod, nowMs: number): number | null {
  if (pod.metadata.deletionTimestamp !== undefined || isPodTerminal(pod)) return null;
  const condition = podCondition(pod, 'DisruptionTarget');
  // Nodes take their time to end pods; they mean it.
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return null;
  const sinceMs = parseTime(condition.lastTransitionTime ?? '') ?? 0;
  return Math.max(0, sinceMs + staleTimeoutMs - nowMs);
}
