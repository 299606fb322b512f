import { isPodTerminal } from '../../api/core-v1/pod/pod-state.js';
import type { Pod } from '../../api/gen/core-v1.js';
import type { ResourceClaim, ResourceClaimConsumerReference } from '../../api/gen/resource-v1.js';
import { controllerOf } from '../pods/index.js';

/** Keeps allocated claims. */
export const claimFinalizer = 'resource.kubernetes.io/delete-protection';

/** One thing to do with a claim; each stands on the one before. */
export type ClaimStep =
  | { readonly kind: 'write-status'; readonly claim: ResourceClaim }
  | { readonly kind: 'remove-finalizer'; readonly claim: ResourceClaim }
  | { readonly kind: 'delete'; readonly claim: ResourceClaim };

/**
 * Frees a claim of pods that are done with it: nobody else gets what it holds before that. One that was made for a pod goes when the pod
 * will not run any more. `podOf`: the pod of that name as it is now; undefined: there is none. Pure.
 */
export function planResourceClaim(
  claim: ResourceClaim,
  podOf: (name: string) => Pod | undefined,
): ClaimStep[] {
  const { reservedFor = [], allocation } = claim.status ?? {};
  const users = reservedFor.filter((each) => isInUse(each, podOf));
  const isFree = users.length === 0;
  const hasFinalizer = claim.metadata.finalizers?.includes(claimFinalizer) ?? false;
  const isDeleted = claim.metadata.deletionTimestamp !== undefined;
  const steps: ClaimStep[] = [];
  const hasLostUsers = users.length < reservedFor.length;
  const frees = isFree && allocation !== undefined && hasFinalizer && (hasLostUsers || isDeleted);
  if (hasLostUsers || frees) {
    const { allocation: _, reservedFor: __, devices: ___, ...rest } = claim.status ?? {};
    const kept = frees ? rest : { ...claim.status };
    const status = { ...kept, ...(isFree ? {} : { reservedFor: users }) };
    if (isFree) delete status.reservedFor;
    steps.push({ kind: 'write-status', claim: { ...claim, status } });
  }
  const needsNoFinalizer = frees || (isDeleted && isFree);
  if (hasFinalizer && needsNoFinalizer) steps.push({ kind: 'remove-finalizer', claim });
  if (isFree && !isDeleted && isOfDonePod(claim, podOf)) steps.push({ kind: 'delete', claim });
  return steps;
}

function isInUse(
  { apiGroup = '', resource, name = '', uid }: ResourceClaimConsumerReference,
  podOf: (name: string) => Pod | undefined,
): boolean {
  // What other users are is not known here.
  if (apiGroup !== '' || resource !== 'pods') return true;
  const pod = podOf(name);
  return pod !== undefined && pod.metadata.uid === uid && !isPodDone(pod);
}

/** None of its containers runs, or ever will. */
export function isPodDone(pod: Pod): boolean {
  const isDropped =
    pod.metadata.deletionTimestamp !== undefined && (pod.spec?.nodeName ?? '') === '';
  return isPodTerminal(pod) || isDropped;
}

function isOfDonePod(claim: ResourceClaim, podOf: (name: string) => Pod | undefined): boolean {
  const owner = controllerOf(claim);
  if (owner?.kind !== 'Pod') return false;
  const pod = podOf(owner.name ?? '');
  // Without its pod the garbage collector takes it.
  return pod !== undefined && (pod.metadata.uid !== owner.uid || isPodDone(pod));
}
