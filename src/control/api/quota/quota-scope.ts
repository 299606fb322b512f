import type { KubeObject } from '../../machinery/object.js';
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../gen/core-v1.js';
import type { QuotaEvaluator } from './evaluator.js';

/** Whether a quota bounds something that the object counts for. `bounds`: by default those that the API server holds to. */
export function concerns(
  quota: ResourceQuota,
  object: KubeObject,
  evaluator: QuotaEvaluator,
  bounds: Readonly<Record<string, string>> = quota.status?.hard ?? {},
): boolean {
  return (
    evaluator.matchingResources(Object.keys(bounds)).length > 0 &&
    isInScope(quota, object, evaluator)
  );
}

/** Whether an object is within all scopes of a quota. */
export function isInScope(
  quota: ResourceQuota,
  object: KubeObject,
  evaluator: QuotaEvaluator,
): boolean {
  return scopesOf(quota).every((scope) => evaluator.matchesScope(object, scope));
}

/** All scopes of a quota, however they are written. */
export function scopesOf({ spec }: ResourceQuota): readonly ScopedResourceSelectorRequirement[] {
  return [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
}
