import { type FieldPath, notSupported, required } from '../../machinery/field-path.js';
import { validateLabelSelector } from '../../machinery/label-selector.js';
import { checkSupported, type FieldErrors } from '../core-v1/field-checks.js';
import type { MatchResources } from '../gen/admissionregistration-v1.js';
import { checkNamedRule } from './admission-rules.js';

/** What becomes of a request when it cannot be decided. */
export const failurePolicies: readonly string[] = ['Fail', 'Ignore'];
/** Whether other versions of a resource match too. */
export const matchPolicies: readonly string[] = ['Equivalent', 'Exact'];

/** Fills in which requests a policy is about. */
export function setMatchDefaults(match: MatchResources | undefined): void {
  if (match === undefined) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) {
    rule.scope ??= '*';
  }
}

/** Which requests a policy, or a binding of one, is about. */
export function checkMatchResources(
  match: MatchResources,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const policyPath = path.child('matchPolicy');
  if (match.matchPolicy === undefined) errors.push(required(policyPath, ''));
  else checkSupported(match.matchPolicy, matchPolicies, policyPath, errors);
  for (const name of ['namespaceSelector', 'objectSelector'] as const) {
    if (match[name] === undefined) errors.push(required(path.child(name), ''));
    else errors.push(...validateLabelSelector(match[name], path.child(name)));
  }
  for (const name of ['resourceRules', 'excludeResourceRules'] as const) {
    match[name]?.forEach((rule, at) => {
      checkNamedRule(rule, path.child(name).index(at), errors);
    });
  }
}

/** A policy says what it does when it cannot decide. */
export function checkFailurePolicy(
  policy: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (policy === undefined) errors.push(required(path, ''));
  else if (!failurePolicies.includes(policy)) {
    errors.push(notSupported(path, policy, failurePolicies));
  }
}
