import { defined } from '../../../base/assert.js';
import type { StatefulSet } from '../../api/gen/apps-v1.js';
import type { PersistentVolumeClaim, Pod } from '../../api/gen/core-v1.js';
import { cloneJson } from '../../machinery/clone.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { KubeObject, OwnerReference } from '../../machinery/object.js';
import { controllerReference } from '../pods/index.js';

/** The name of the claim of an ordinal, of one of the set's templates. */
export function claimName(
  { metadata }: StatefulSet,
  template: PersistentVolumeClaim,
  ordinal: number,
): string {
  return `${template.metadata.name ?? ''}-${metadata.name ?? ''}-${ordinal}`;
}

/** The claims that the pod of an ordinal needs, as they are made. */
export function newClaims(set: StatefulSet, ordinal: number): readonly PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => {
    const { labels, annotations } = template.metadata;
    const claim: PersistentVolumeClaim = {
      metadata: {
        name: claimName(set, template, ordinal),
        namespace: set.metadata.namespace ?? '',
        labels: { ...labels, ...set.spec?.selector?.matchLabels },
        ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      },
      spec: cloneJson(template.spec ?? {}),
    };
    const owners = ownersWanted(set, claim, null);
    if (owners.length > 0) claim.metadata.ownerReferences = [...owners];
    return claim;
  });
}

/**
 * The owners that a claim shall have, so that it goes with whom the set's retention policy says: with the set, with a pod that is scaled
 * away (`condemned`), or with nobody. Owners that are neither stay; one of them that is the controller keeps ours out.
 */
export function ownersWanted(
  set: StatefulSet,
  { metadata }: PersistentVolumeClaim,
  condemned: Pod | null,
): readonly OwnerReference[] {
  const others = (metadata.ownerReferences ?? []).filter(
    (reference) => !isOurs(reference, set, metadata),
  );
  if (others.some(({ controller }) => controller === true)) return others;
  const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  if (whenScaled === 'Delete' && condemned !== null) return [...others, ownerReference(condemned)];
  if (whenDeleted === 'Delete') return [...others, ownerReference(set)];
  return others;
}

/** The claim with the owners that it shall have; null when it has them. */
export function withOwnersWanted(
  set: StatefulSet,
  claim: PersistentVolumeClaim,
  condemned: Pod | null,
): PersistentVolumeClaim | null {
  const owners = ownersWanted(set, claim, condemned);
  const current = claim.metadata.ownerReferences ?? [];
  const uids = (references: readonly OwnerReference[]) => references.map(({ uid }) => uid).sort();
  if (deepEqual(uids(owners), uids(current))) return null;
  return { ...claim, metadata: { ...claim.metadata, ownerReferences: [...owners] } };
}

/** It goes with a pod that had this one's name: what is made now waits until it is gone. */
export function isStale(set: StatefulSet, claim: PersistentVolumeClaim, podName: string): boolean {
  if (set.spec?.persistentVolumeClaimRetentionPolicy?.whenScaled !== 'Delete') return false;
  return (claim.metadata.ownerReferences ?? []).some(
    ({ kind, name }) => kind === 'Pod' && name === podName,
  );
}

/** A reference to the set or to a pod of it, of this or of an earlier life. */
function isOurs(
  { kind, name = '' }: OwnerReference,
  set: StatefulSet,
  claim: KubeObject['metadata'],
) {
  const setName = set.metadata.name ?? '';
  if (kind === 'StatefulSet') return name === setName;
  if (kind !== 'Pod') return false;
  // The claim's name ends with that of its pod.
  return name.startsWith(`${setName}-`) && (claim.name ?? '').endsWith(`-${name}`);
}

function ownerReference(owner: KubeObject): OwnerReference {
  defined(owner.metadata.uid, 'the uid of the owner of a claim');
  return controllerReference(owner);
}
