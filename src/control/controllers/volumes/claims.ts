import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Volume,
} from '../../api/gen/core-v1.js';
import { keyOf, objectKey } from '../../client/index.js';
import { controllerOf } from '../pods/index.js';
import { betaStorageClass } from './annotations.js';

/** The storage class of a claim or a volume; '' without one. */
export function classNameOf({ metadata, spec }: PersistentVolume | PersistentVolumeClaim): string {
  return metadata.annotations?.[betaStorageClass] ?? spec?.storageClassName ?? '';
}

/** The key of the claim that a volume is for; null without one. */
export function claimKeyOf({ spec }: PersistentVolume): string | null {
  const ref = spec?.claimRef;
  return ref === undefined ? null : keyOf(ref.namespace ?? '', ref.name ?? '');
}

/** The volume is for this claim: by its uid, or by its name alone when a user has reserved it. */
export function isVolumeOfClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (claimKeyOf(volume) !== objectKey(claim)) return false;
  const uid = volume.spec?.claimRef?.uid ?? '';
  return uid === '' || uid === claim.metadata.uid;
}

/** The name of the claim behind a volume of a pod; null when there is none. A generic ephemeral volume has one of its own. */
export function claimNameOf(pod: Pod, volume: Volume): string | null {
  if (volume.persistentVolumeClaim !== undefined) {
    return volume.persistentVolumeClaim.claimName ?? '';
  }
  if (volume.ephemeral === undefined) return null;
  return ephemeralClaimName(pod, volume);
}

/** What the claim of a generic ephemeral volume is called. */
export function ephemeralClaimName({ metadata }: Pod, volume: Volume): string {
  return `${metadata.name ?? ''}-${volume.name ?? ''}`;
}

/** The keys of all claims that a pod names. For an index of pods. */
export function claimKeysOf(pod: Pod): string[] {
  const { namespace = '' } = pod.metadata;
  const names = (pod.spec?.volumes ?? []).map((volume) => claimNameOf(pod, volume));
  return names.flatMap((name) => (name === null ? [] : [keyOf(namespace, name)]));
}

/** The pod uses the claim: an ephemeral volume's only if the claim was made for this very pod. */
export function usesClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (pod.metadata.namespace !== claim.metadata.namespace) return false;
  return (pod.spec?.volumes ?? []).some((volume) => {
    if (claimNameOf(pod, volume) !== claim.metadata.name) return false;
    return volume.ephemeral === undefined || controllerOf(claim)?.uid === pod.metadata.uid;
  });
}

/** Name of the index of pods that {@link claimKeysOf} makes. */
export const podsByClaim = 'claim';
