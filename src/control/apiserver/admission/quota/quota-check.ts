import type { ResourceQuota } from '../../../api/gen/core-v1.js';
import {
  type Amounts,
  addAmounts,
  amountsText,
  exceeding,
  maskAmounts,
  parseAmounts,
  subtractAmounts,
  withoutZeros,
  writeAmounts,
} from '../../../api/quota/amounts.js';
import type { QuotaEvaluator } from '../../../api/quota/evaluator.js';
import { concerns } from '../../../api/quota/quota-scope.js';
import type { AdmissionRequest } from '../../contracts.js';
import { refusal } from '../refusal.js';
import { checkCovered, type LimitedResource } from './limited-resources.js';

/**
 * The quotas that a write uses more of, with their new `status.used`; none when it uses nothing. Throws the 403 of a write that a quota
 * does not leave room for, or that needs a quota which is not there (`limited`).
 */
export function chargedQuotas(
  request: AdmissionRequest,
  quotas: readonly ResourceQuota[],
  {
    evaluator,
    limited,
  }: { readonly evaluator: QuotaEvaluator; readonly limited: readonly LimitedResource[] },
): readonly ResourceQuota[] {
  const { object, oldObject, context } = request;
  if (object === null) return [];
  const concerned = quotas.filter((quota) => concerns(quota, object, evaluator));
  for (const quota of concerned) checkCountable(request, quota, evaluator);
  if (limited.length > 0) checkCovered(request, object, quotas, { evaluator, limited });
  const usage = evaluator.usage(object, context.nowMs);
  const negative = [...usage].filter(([, quantity]) => quantity.sign < 0).map(([name]) => name);
  if (negative.length > 0) {
    throw refusal(request, `quota usage is negative for resource(s): ${negative.sort().join(',')}`);
  }
  const charged: ResourceQuota[] = [];
  for (const quota of concerned) {
    // An object that comes into a quota's scope by an update is charged in full.
    const wasCounted = oldObject !== null && concerns(quota, oldObject, evaluator);
    const delta = wasCounted
      ? subtractAmounts(usage, evaluator.usage(oldObject, context.nowMs))
      : usage;
    const changed = charge(request, quota, withoutZeros(delta));
    if (changed !== null) charged.push(changed);
  }
  return charged;
}

function checkCountable(
  request: AdmissionRequest,
  quota: ResourceQuota,
  evaluator: QuotaEvaluator,
): void {
  const { hard = {}, used = {} } = quota.status ?? {};
  const bounded = evaluator.matchingResources(Object.keys(hard));
  const problem =
    request.object === null ? null : evaluator.constraintProblem(request.object, bounded);
  const name = quota.metadata.name ?? '';
  if (problem !== null) throw refusal(request, `failed quota: ${name}: ${problem}`);
  if (bounded.some((resource) => used[resource] === undefined)) {
    throw refusal(
      request,
      `status unknown for quota: ${name}, resources: ${[...bounded].sort().join(',')}`,
    );
  }
}

/** Null when the quota does not bound anything of `delta`. */
function charge(
  request: AdmissionRequest,
  quota: ResourceQuota,
  delta: Amounts,
): ResourceQuota | null {
  const hard = parseAmounts(quota.status?.hard);
  const used = parseAmounts(quota.status?.used);
  const requested = maskAmounts(delta, hard.keys());
  if (requested.size === 0) return null;
  const after = addAmounts(used, requested);
  const exceeded = exceeding(maskAmounts(after, requested.keys()), hard);
  if (exceeded.length > 0) {
    const text = (amounts: Amounts) => amountsText(maskAmounts(amounts, exceeded));
    throw refusal(
      request,
      `exceeded quota: ${quota.metadata.name}, requested: ${text(requested)}, used: ${text(used)}, limited: ${text(hard)}`,
    );
  }
  return { ...quota, status: { ...quota.status, used: writeAmounts(after) } };
}
