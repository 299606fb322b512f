import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../api/gen/core-v1.js';
import type { StorageClass } from '../../../api/gen/storage-v1.js';
import { keyOf, type Lister } from '../../../client/index.js';
import type { PluginStatus } from '../../framework/plugin.js';
import { claimsOf, type PodClaim, storageClassOf } from '../pod-claims.js';
import { failure, unresolvable } from '../statuses.js';
import type { AssumedObjects } from './assumed-objects.js';
import type { PodClaims } from './node-volumes.js';
import { candidatesFor, requestedStorage } from './volume-match.js';

/** Where claims and volumes are looked up. */
export interface VolumeObjects {
  readonly claims: AssumedObjects<PersistentVolumeClaim>;
  readonly volumes: AssumedObjects<PersistentVolume>;
  readonly classes: Lister<StorageClass>;
}

/** Whether the controller has bound a claim for good. */
export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return (
    (spec?.volumeName ?? '') !== '' &&
    metadata.annotations?.['pv.kubernetes.io/bind-completed'] !== undefined
  );
}

/** A pod's claims, or why it cannot be placed at all. Null: it has none. */
export function podVolumeClaims(pod: Pod, objects: VolumeObjects): PodClaims | PluginStatus | null {
  const names = claimsOf(pod);
  if (names.length === 0) return null;
  const bound: (PersistentVolume | null)[] = [];
  const delayed: PersistentVolumeClaim[] = [];
  let isImmediateUnbound = false;
  for (const name of names) {
    const claim = claimFor(pod, name, objects);
    if ('code' in claim) return claim;
    if (isFullyBound(claim)) {
      bound.push(objects.volumes.get(claim.spec?.volumeName ?? '') ?? null);
      continue;
    }
    const isDelayed = delaysBinding(claim, objects.classes);
    if (typeof isDelayed !== 'boolean') return isDelayed;
    if (isDelayed && (claim.spec?.volumeName ?? '') === '') delayed.push(claim);
    else isImmediateUnbound = true;
  }
  if (isImmediateUnbound) return unresolvable('pod has unbound immediate PersistentVolumeClaims');
  delayed.sort((a, b) => requestedStorage(a).compare(requestedStorage(b)));
  const unbound = delayed.map((claim) => ({
    claim,
    candidates: candidatesFor(claim, objects.volumes.all()),
  }));
  return { bound, unbound };
}

function claimFor(
  pod: Pod,
  { name, isEphemeral }: PodClaim,
  { claims }: VolumeObjects,
): PersistentVolumeClaim | PluginStatus {
  const claim = claims.get(keyOf(pod.metadata.namespace ?? '', name));
  const quoted = JSON.stringify(name);
  if (claim === undefined) {
    return unresolvable(
      isEphemeral
        ? `waiting for ephemeral volume controller to create the persistentvolumeclaim ${quoted}`
        : `persistentvolumeclaim ${quoted} not found`,
    );
  }
  if (claim.status?.phase === 'Lost') {
    const volume = JSON.stringify(claim.spec?.volumeName ?? '');
    return unresolvable(
      `persistentvolumeclaim ${quoted} bound to non-existent persistentvolume ${volume}`,
    );
  }
  if (claim.metadata.deletionTimestamp !== undefined) {
    return unresolvable(`persistentvolumeclaim ${quoted} is being deleted`);
  }
  const owner = claim.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (isEphemeral && owner?.uid !== pod.metadata.uid) {
    const [podKey, claimKey] = [pod, claim].map(({ metadata }) =>
      keyOf(metadata.namespace ?? '', metadata.name ?? ''),
    );
    return unresolvable(`PVC ${claimKey} was not created for pod ${podKey} (pod is not owner)`);
  }
  return claim;
}

/** Whether a claim is bound only when its first pod has a node. */
function delaysBinding(
  claim: PersistentVolumeClaim,
  classes: Lister<StorageClass>,
): boolean | PluginStatus {
  const className = storageClassOf(claim);
  const storageClass = className === '' ? undefined : classes.byKey(className);
  if (storageClass === undefined) return false;
  if (storageClass.volumeBindingMode === undefined) {
    const text = `VolumeBindingMode not set for StorageClass ${JSON.stringify(className)}`;
    return failure(text);
  }
  return storageClass.volumeBindingMode === 'WaitForFirstConsumer';
}
