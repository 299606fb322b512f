import type { PodDisruptionBudget } from '../../api/gen/policy-v1.js';
import { type LabelSelector, labelSelectorOf } from '../../machinery/label-selector.js';
import type { PodInfo } from '../framework/node-info.js';

/** Pods by whether taking them away, one after the other, breaks a budget. In the order in which they came. */
export interface PodsByBudget {
  readonly violating: readonly PodInfo[];
  readonly others: readonly PodInfo[];
}

/** Counts what budgets still allow as pods are taken away in order. A budget that selects everything, or nothing, protects none. */
export function podsByBudget(
  pods: readonly PodInfo[],
  budgets: readonly PodDisruptionBudget[],
): PodsByBudget {
  if (budgets.length === 0) return { violating: [], others: pods };
  const allowed = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    let isViolating = false;
    budgets.forEach((budget, at) => {
      if (!protects(budget, pod)) return;
      const left = (allowed[at] as number) - 1;
      allowed[at] = left;
      if (left < 0) isViolating = true;
    });
    (isViolating ? violating : others).push(pod);
  }
  return { violating, others };
}

/** A pod whose disruption the API has counted already does not count again. */
function protects(budget: PodDisruptionBudget, { pod }: PodInfo): boolean {
  const { labels, namespace, name = '' } = pod.metadata;
  if (labels === undefined || Object.keys(labels).length === 0) return false;
  if (budget.metadata.namespace !== namespace) return false;
  const selector = selectorOf(budget);
  if (selector.isEverything || !selector.matches(labels)) return false;
  return !Object.hasOwn(budget.status?.disruptedPods ?? {}, name);
}

const selectors = new WeakMap<PodDisruptionBudget, LabelSelector>();

function selectorOf(budget: PodDisruptionBudget): LabelSelector {
  const known = selectors.get(budget);
  if (known !== undefined) return known;
  const selector = labelSelectorOf(budget.spec?.selector);
  selectors.set(budget, selector);
  return selector;
}
