import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimStatus,
} from '../../api/gen/core-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { bindCompleted, boundByController } from '../volumes/annotations.js';
import { isVolumeOfClaim } from '../volumes/claims.js';
import type { BinderAction } from './actions.js';
import { storageOf } from './match.js';

/** Phases of volumes. */
export type VolumePhase = 'Available' | 'Bound' | 'Released' | 'Failed';
/** Phases of claims. */
export type ClaimPhase = 'Pending' | 'Bound' | 'Lost';

/** Everything that makes a volume and a claim each other's, in the order in which it can be broken off and gone on with. What is there already is left out. */
export function bind(volume: PersistentVolume, claim: PersistentVolumeClaim): BinderAction[] {
  const linked = linkedVolume(volume, claim);
  const claimed = linkedClaim(claim, volume);
  const actions: BinderAction[] = [];
  if (linked !== volume) actions.push({ kind: 'write-volume', volume: linked });
  actions.push(...volumePhase(linked, 'Bound'));
  if (claimed !== claim) actions.push({ kind: 'write-claim', claim: claimed });
  actions.push(...claimPhase(claimed, 'Bound', linked));
  return actions;
}

function linkedVolume(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  const { claimRef } = volume.spec ?? {};
  if (isVolumeOfClaim(volume, claim) && claimRef?.uid === uid) return volume;
  // A user's reservation for the claim stays a user's.
  const isReserved = isVolumeOfClaim(volume, claim);
  const wanted = defined({
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    ...{ namespace, name, uid, resourceVersion },
  });
  const spec = { ...volume.spec, claimRef: wanted };
  if (isReserved) return { ...volume, spec };
  return { ...withAnnotations(volume, { [boundByController]: 'yes' }), spec };
}

function linkedClaim(
  claim: PersistentVolumeClaim,
  { metadata }: PersistentVolume,
): PersistentVolumeClaim {
  const { name = '' } = metadata;
  const isNamed = claim.spec?.volumeName === name;
  const isComplete = claim.metadata.annotations?.[bindCompleted] !== undefined;
  if (isNamed && isComplete) return claim;
  const added = {
    ...(isNamed ? {} : { [boundByController]: 'yes' }),
    [bindCompleted]: 'yes',
  };
  const spec = { ...claim.spec, volumeName: name };
  return { ...withAnnotations(claim, added), spec };
}

/** The link to a claim that has another volume is taken away; a user's reservation stays one. */
export function unbind(volume: PersistentVolume): BinderAction[] {
  const { claimRef, ...rest } = volume.spec ?? {};
  const { [boundByController]: mark, ...annotations } = volume.metadata.annotations ?? {};
  const { uid: _, resourceVersion: __, ...reservation } = claimRef ?? {};
  const unbound: PersistentVolume =
    mark === undefined
      ? { ...volume, spec: { ...rest, claimRef: reservation } }
      : { ...volume, metadata: { ...volume.metadata, annotations }, spec: rest };
  return [{ kind: 'write-volume', volume: unbound }, ...volumePhase(unbound, 'Available')];
}

/** Nothing when the volume is in the phase. */
export function volumePhase(
  volume: PersistentVolume,
  phase: VolumePhase,
  message = '',
): BinderAction[] {
  if (volume.status?.phase === phase) return [];
  const { message: _, reason: __, ...status } = volume.status ?? {};
  const next = { ...status, phase, ...(message === '' ? {} : { message }) };
  return [{ kind: 'write-volume-status', volume: { ...volume, status: next } }];
}

/** Nothing when the claim has the phase, and shows what its volume is. */
export function claimPhase(
  claim: PersistentVolumeClaim,
  phase: ClaimPhase,
  volume: PersistentVolume | null,
): BinderAction[] {
  const before = claim.status ?? {};
  const status = { ...shownOf(before, volume), phase };
  if (deepEqual(before, status)) return [];
  return [{ kind: 'write-claim-status', claim: { ...claim, status } }];
}

/** The status with what it shows of the volume. What a resize is about to change is left to it. */
function shownOf(
  status: PersistentVolumeClaimStatus,
  volume: PersistentVolume | null,
): PersistentVolumeClaimStatus {
  if (volume === null) {
    const { accessModes: _, capacity: __, ...rest } = status;
    return rest;
  }
  const { accessModes, capacity, volumeAttributesClassName } = volume.spec ?? {};
  const isSame = storageOf(capacity).compare(storageOf(status.capacity)) === 0;
  const keepsCapacity = isSame || isResizing(status);
  const isFirst = status.phase !== 'Bound' && (volumeAttributesClassName ?? '') !== '';
  return defined({
    ...status,
    accessModes,
    capacity: keepsCapacity ? status.capacity : capacity,
    ...(isFirst ? { currentVolumeAttributesClassName: volumeAttributesClassName } : {}),
  });
}

const resizeConditions: readonly string[] = ['Resizing', 'FileSystemResizePending'];

function isResizing({ conditions = [], capacity }: PersistentVolumeClaimStatus): boolean {
  if (capacity === undefined) return false;
  return conditions.some(
    ({ type = '', status }) => status === 'True' && resizeConditions.includes(type),
  );
}

/** The object with more annotations. */
export function withAnnotations<T extends PersistentVolume | PersistentVolumeClaim>(
  object: T,
  added: Readonly<Record<string, string>>,
): T {
  const annotations = { ...object.metadata.annotations, ...added };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
