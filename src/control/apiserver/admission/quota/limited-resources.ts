import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../../../api/gen/core-v1.js';
import type { QuotaEvaluator } from '../../../api/quota/evaluator.js';
import { concerns, scopesOf } from '../../../api/quota/quota-scope.js';
import type { KubeObject } from '../../../machinery/object.js';
import type { AdmissionRequest } from '../../contracts.js';
import { refusal } from '../refusal.js';

/** A resource that nobody may use without a quota that bounds it. */
export interface LimitedResource {
  readonly group: string;
  readonly resource: string;
  /** What is counted counts when its name contains one of these. */
  readonly matchContains: readonly string[];
  /** Objects that are within one of these scopes need a quota with such a scope. */
  readonly matchScopes: readonly ScopedResourceSelectorRequirement[];
}

/** Throws the 403 of a write that uses something for which there has to be a quota, and is none. */
export function checkCovered(
  request: AdmissionRequest,
  object: KubeObject,
  quotas: readonly ResourceQuota[],
  {
    evaluator,
    limited,
  }: { readonly evaluator: QuotaEvaluator; readonly limited: readonly LimitedResource[] },
): void {
  const own = limited.filter(
    ({ group, resource }) => group === request.group && resource === request.resource,
  );
  if (own.length > 0) {
    const bounded = new Set(
      quotas
        .filter((quota) => concerns(quota, object, evaluator))
        .flatMap(({ status }) => evaluator.matchingResources(Object.keys(status?.hard ?? {}))),
    );
    const parts = own.flatMap(({ matchContains }) => matchContains);
    const open = [...evaluator.usage(object, request.context.nowMs)]
      .filter(([name, quantity]) => quantity.sign > 0 && parts.some((part) => name.includes(part)))
      .map(([name]) => name)
      .filter((name) => !bounded.has(name));
    if (open.length > 0)
      throw refusal(request, `insufficient quota to consume: ${open.sort().join(',')}`);
  }
  const matches = (scope: ScopedResourceSelectorRequirement) =>
    evaluator.matchesScope(object, scope);
  const scoped = new Set(
    quotas
      .flatMap(scopesOf)
      .filter(matches)
      .map(({ scopeName }) => scopeName),
  );
  const open = limited
    .flatMap(({ matchScopes }) => matchScopes)
    .filter((scope) => matches(scope) && !scoped.has(scope.scopeName));
  if (open.length > 0)
    throw refusal(
      request,
      `insufficient quota to match these scopes: [${open.map(scopeText).join(' ')}]`,
    );
}

function scopeText({ scopeName, operator, values }: ScopedResourceSelectorRequirement): string {
  return `{${scopeName} ${operator} [${(values ?? []).join(' ')}]}`;
}
