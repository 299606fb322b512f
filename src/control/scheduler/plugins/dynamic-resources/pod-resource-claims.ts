import type { Pod, PodResourceClaim } from '../../../api/gen/core-v1.js';
import type { ResourceClaim } from '../../../api/gen/resource-v1.js';
import { keyOf } from '../../../client/index.js';
import type { PluginStatus } from '../../framework/plugin.js';
import { unresolvable } from '../statuses.js';

/** A claim is in use by so many pods at most. */
export const reservedMax = 256;

/** The pod uses claims for devices. */
export function hasClaims({ spec }: Pod): boolean {
  return (spec?.resourceClaims ?? []).length > 0;
}

/**
 * The name of the claim that a pod's entry stands for; null: it needs none. Undefined: the claim was not made yet.
 */
export function claimNameOf(
  { status }: Pod,
  { name, resourceClaimName }: PodResourceClaim,
): string | null | undefined {
  if (resourceClaimName !== undefined) return resourceClaimName;
  const own = status?.resourceClaimStatuses?.find((each) => each.name === name);
  return own === undefined ? undefined : (own.resourceClaimName ?? null);
}

/** Whether one of the pod's entries stands for this claim. */
export function usesResourceClaim(pod: Pod, { metadata }: ResourceClaim): boolean {
  if (pod.metadata.namespace !== metadata.namespace) return false;
  return (pod.spec?.resourceClaims ?? []).some((each) => claimNameOf(pod, each) === metadata.name);
}

/** The claims of a pod as they are, or why it has to wait for them. Pure. */
export function claimsOfPod(
  pod: Pod,
  claimOf: (key: string) => ResourceClaim | undefined,
): readonly ResourceClaim[] | PluginStatus {
  const { namespace = '', name: podName = '' } = pod.metadata;
  const claims: ResourceClaim[] = [];
  for (const podClaim of pod.spec?.resourceClaims ?? []) {
    const name = claimNameOf(pod, podClaim);
    if (name === null) continue;
    if (name === undefined) {
      return unresolvable(
        `pod ${JSON.stringify(`${namespace}/${podName}`)}: ResourceClaim not created yet`,
      );
    }
    const claim = claimOf(keyOf(namespace, name));
    const quoted = JSON.stringify(name);
    if (claim === undefined) return unresolvable(`resourceclaim ${quoted} not found`);
    if (claim.metadata.deletionTimestamp !== undefined) {
      return unresolvable(`resourceclaim ${quoted} is being deleted`);
    }
    if (podClaim.resourceClaimTemplateName !== undefined && !isMadeFor(claim, pod)) {
      const what = `ResourceClaim ${namespace}/${name} was not created for pod ${namespace}/${podName}`;
      return unresolvable(`${what} (pod is not owner)`);
    }
    claims.push(claim);
  }
  return claims;
}

function isMadeFor({ metadata }: ResourceClaim, pod: Pod): boolean {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner !== undefined && owner.uid === pod.metadata.uid;
}

/** Whether the pod may use what was allocated: it does so already, or there is room for another user. */
export function canUse({ status }: ResourceClaim, pod: Pod): boolean {
  const { reservedFor = [] } = status ?? {};
  return reservedFor.length < reservedMax || isReservedFor(reservedFor, pod);
}

/** Nobody but this pod uses it: what was allocated may be given back. */
export function isFreeBut({ status }: ResourceClaim, pod: Pod): boolean {
  const { reservedFor = [] } = status ?? {};
  return reservedFor.every(({ uid }) => uid === pod.metadata.uid);
}

export function isReservedFor(
  reservedFor: readonly { readonly uid?: string }[],
  pod: Pod,
): boolean {
  return reservedFor.some(({ uid }) => uid === pod.metadata.uid);
}
