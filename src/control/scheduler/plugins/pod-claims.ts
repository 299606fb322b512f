import type { Pod, Volume } from '../../api/gen/core-v1.js';

/** A claim that a pod uses. */
export interface PodClaim {
  readonly name: string;
  /** It is made for the pod, and named after it and the volume. */
  readonly isEphemeral: boolean;
}

/** The claim of a volume, null when it needs none. */
export function claimOf({ metadata }: Pod, volume: Volume): PodClaim | null {
  const { persistentVolumeClaim, ephemeral, name } = volume;
  if (persistentVolumeClaim !== undefined) {
    return { name: persistentVolumeClaim.claimName ?? '', isEphemeral: false };
  }
  return ephemeral === undefined ? null : { name: `${metadata.name}-${name}`, isEphemeral: true };
}

/** The claims of a pod, in the order of its volumes. */
export function claimsOf(pod: Pod): readonly PodClaim[] {
  const claims: PodClaim[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    const claim = claimOf(pod, volume);
    if (claim !== null) claims.push(claim);
  }
  return claims;
}

/** Whether a pod uses a claim of its namespace. */
export function usesClaim(pod: Pod, namespace: string | undefined, name: string | undefined) {
  if (pod.metadata.namespace !== namespace || pod.spec?.volumes === undefined) return false;
  return claimsOf(pod).some((claim) => claim.name === name);
}

/** The storage class that a claim or a volume names: by the annotation of old, or by its field. */
export function storageClassOf({
  metadata,
  spec,
}: {
  readonly metadata: { readonly annotations?: Record<string, string> };
  readonly spec?: { readonly storageClassName?: string };
}): string {
  return (
    metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ??
    spec?.storageClassName ??
    ''
  );
}
