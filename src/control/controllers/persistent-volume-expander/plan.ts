import type { PersistentVolume, PersistentVolumeClaim } from '../../api/gen/core-v1.js';
import type { EventType } from '../../client/index.js';
import { Quantity } from '../../machinery/quantity.js';
import { hostPathProvisioner, provisionedBy, storageResizer } from '../volumes/annotations.js';

/** One thing to do so that a volume gets as large as its claim wants it. */
export type ExpandAction =
  | { readonly kind: 'write-volume'; readonly volume: PersistentVolume }
  | { readonly kind: 'write-claim'; readonly claim: PersistentVolumeClaim }
  | { readonly kind: 'write-claim-status'; readonly claim: PersistentVolumeClaim }
  | {
      readonly kind: 'event';
      readonly type: EventType;
      readonly reason: string;
      readonly message: string;
    };

const resizeConditions: readonly string[] = ['Resizing', 'FileSystemResizePending'];

/**
 * What to do for a claim whose request has grown. Volumes of the built-in host-path provisioner have no size of their own: theirs is
 * written. Those of CSI drivers are marked for the driver's resizer. Nobody can make the others larger. Pure.
 */
export function planExpansion(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume | undefined,
): ExpandAction[] {
  if (claim.status?.phase !== 'Bound' || claim.metadata.deletionTimestamp !== undefined) return [];
  if (volume === undefined || volume.spec?.claimRef?.uid !== claim.metadata.uid) return [];
  const request = claim.spec?.resources?.requests?.storage ?? '0';
  const isLarger = compare(request, claim.status.capacity?.storage ?? '0') > 0;
  if (!isLarger) return [];
  const isOurs = volume.metadata.annotations?.[provisionedBy] === hostPathProvisioner;
  return isOurs ? expandHere(claim, volume, request) : leaveToOthers(claim, volume);
}

function expandHere(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  request: string,
): ExpandAction[] {
  const capacity = { ...volume.spec?.capacity, storage: request };
  const isLargeEnough = compare(request, volume.spec?.capacity?.storage ?? '0') <= 0;
  const grown = { ...volume, spec: { ...volume.spec, capacity } };
  const conditions = (claim.status?.conditions ?? []).filter(
    ({ type = '' }) => !resizeConditions.includes(type),
  );
  const status = {
    ...claim.status,
    capacity: { ...claim.status?.capacity, storage: request },
    conditions,
  };
  const { namespace, name } = claim.metadata;
  const message = `ExpandVolume succeeded for volume ${namespace}/${name}`;
  return [
    ...(isLargeEnough ? [] : [{ kind: 'write-volume' as const, volume: grown }]),
    { kind: 'write-claim-status', claim: { ...claim, status } },
    { kind: 'event', type: 'Normal', reason: 'VolumeResizeSuccessful', message },
  ];
}

function leaveToOthers(claim: PersistentVolumeClaim, volume: PersistentVolume): ExpandAction[] {
  const driver = volume.spec?.csi?.driver;
  const message = 'waiting for an external controller to expand this PVC';
  const told: ExpandAction = {
    kind: 'event',
    type: 'Normal',
    reason: 'ExternalExpanding',
    message,
  };
  const annotations = claim.metadata.annotations ?? {};
  if (driver === undefined || annotations[storageResizer] === driver) return [told];
  const marked = { ...annotations, [storageResizer]: driver };
  const metadata = { ...claim.metadata, annotations: marked };
  return [{ kind: 'write-claim', claim: { ...claim, metadata } }, told];
}

function compare(a: string, b: string): number {
  return Quantity.parse(a).compare(Quantity.parse(b));
}
