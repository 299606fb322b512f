import type { Pod } from '../../../api/gen/core-v1.js';
import type { PodDisruptionBudget } from '../../../api/gen/policy-v1.js';
import { cloneJson } from '../../../machinery/clone.js';
import { labelSelectorOf } from '../../../machinery/label-selector.js';
import { failure, forbidden, internalError } from '../../../machinery/status-errors.js';
import { formatTime } from '../../../machinery/time.js';

const budgets = { group: 'policy', resource: 'poddisruptionbudgets' };
/** Pods that were allowed to go and are not gone yet; more than these mean that nobody is looking. */
const disruptedPodsMax = 2000;

/** Whether a budget has a say: pods that do not run yet, or not any more, disrupt nothing by going. */
export function needsBudget({ status, metadata }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return !['Succeeded', 'Failed', 'Pending'].includes(status?.phase ?? '');
}

/** The budgets that a pod counts in. */
export function budgetsOf(
  { metadata }: Pod,
  all: readonly PodDisruptionBudget[],
): readonly PodDisruptionBudget[] {
  return all.filter(({ spec }) => labelSelectorOf(spec?.selector).matches(metadata.labels));
}

/** More than one budget has a say: which of them would be charged is not defined. Throws 500. */
export function checkOneBudget(found: readonly PodDisruptionBudget[]): void {
  if (found.length <= 1) return;
  throw internalError(
    'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  );
}

/** Whether a pod that is not ready may go although the budget allows no more disruptions. */
export function isUnhealthyAllowed({ spec, status }: PodDisruptionBudget, pod: Pod): boolean {
  const conditions = pod.status?.conditions ?? [];
  const isReady = conditions.some((one) => one.type === 'Ready' && one.status === 'True');
  if (isReady) return false;
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const desired = status?.desiredHealthy ?? 0;
  return (status?.currentHealthy ?? 0) >= desired && desired > 0;
}

/** The budget after one more disruption, with the pod noted. Throws 429 when it allows none, 403 when its state is unusable. */
export function chargedBudget(
  current: PodDisruptionBudget,
  podName: string,
  nowMs: number,
): PodDisruptionBudget {
  const name = current.metadata.name ?? '';
  const status = current.status ?? {};
  const allowed = status.disruptionsAllowed ?? 0;
  if ((status.observedGeneration ?? 0) < (current.metadata.generation ?? 0)) {
    throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10);
  }
  if (allowed < 0) throw forbidden(budgets, name, 'pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > disruptedPodsMax) {
    throw forbidden(
      budgets,
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  }
  if (allowed === 0) {
    const text = `The disruption budget ${name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`;
    throw tooMany("Cannot evict pod as it would violate the pod's disruption budget.", 0, text);
  }
  const budget = cloneJson(current);
  budget.status = {
    ...budget.status,
    disruptionsAllowed: allowed - 1,
    disruptedPods: { ...budget.status?.disruptedPods, [podName]: formatTime(nowMs) },
  };
  return budget;
}

function tooMany(text: string, retryAfterSeconds: number, detail = text): Error {
  return failure(429, 'TooManyRequests', text, {
    causes: [{ reason: 'DisruptionBudget', message: detail }],
    ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),
  });
}
