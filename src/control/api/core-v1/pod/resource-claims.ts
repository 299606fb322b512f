import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/field-path.js';
import { dnsSubdomainProblems } from '../../../machinery/names.js';
import type { ObjectMeta } from '../../../machinery/object.js';
import type { PodResourceClaim } from '../../gen/core-v1.js';
import { addProblems, checkDnsLabel, type FieldErrors, isUnset } from '../field-checks.js';
import { mirrorPodAnnotation } from './annotations.js';

/** The names of a pod's claims, good or not. */
export function claimNamesOf(claims: readonly PodResourceClaim[] | undefined): Set<string> {
  return new Set(claims?.map((claim) => claim.name ?? '').filter((name) => name !== ''));
}

/** The claims of a pod: unique names, each of one claim or one template. `meta` is absent for a template. */
export function checkResourceClaims(
  claims: readonly PodResourceClaim[] | undefined,
  meta: ObjectMeta | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set<string>();
  claims?.forEach((claim, at) => {
    if (meta?.annotations?.[mirrorPodAnnotation] !== undefined) {
      errors.push(forbiddenField(fieldPath(''), 'static pods do not support resource claims'));
      return;
    }
    checkResourceClaim(claim, names, path.index(at), errors);
  });
}

function checkResourceClaim(
  claim: PodResourceClaim,
  names: Set<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { name, resourceClaimName, resourceClaimTemplateName } = claim;
  if (isUnset(name)) errors.push(required(path.child('name'), ''));
  else if (names.has(name)) errors.push(duplicate(path.child('name'), name));
  else {
    checkDnsLabel(name, path.child('name'), errors);
    names.add(name);
  }
  const shown = {
    Name: name ?? '',
    ResourceClaimName: resourceClaimName ?? null,
    ResourceClaimTemplateName: resourceClaimTemplateName ?? null,
  };
  if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
    const text =
      'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
    errors.push(invalidValue(path, shown, text));
  }
  if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
    const text = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';
    errors.push(invalidValue(path, shown, text));
  }
  for (const field of ['resourceClaimName', 'resourceClaimTemplateName'] as const) {
    const value = claim[field];
    if (value === undefined) continue;
    addProblems(dnsSubdomainProblems(value), path.child(field), value, errors);
  }
}
