import type { PersistentVolume, PersistentVolumeClaim } from '../../api/gen/core-v1.js';
import { labelSelectorOf } from '../../machinery/label-selector.js';
import { Quantity } from '../../machinery/quantity.js';
import { classNameOf, isVolumeOfClaim } from '../volumes/claims.js';

/** How much storage a volume has, or a claim asks for. */
export function storageOf(amounts: Readonly<Record<string, string>> | undefined): Quantity {
  const amount = amounts?.storage;
  return amount === undefined ? Quantity.zero : Quantity.parse(amount);
}

/** What a claim asks for. */
export function requestOf({ spec }: PersistentVolumeClaim): Quantity {
  return storageOf(spec?.resources?.requests);
}

/**
 * The volume to bind to a claim; null when none fits. Volumes with fewer access modes come first, then those that are reserved for the
 * claim, then the smallest. `onlyReserved`: the claim waits for its pod, and others are chosen by the scheduler.
 */
export function bestVolume(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  { onlyReserved }: { readonly onlyReserved: boolean },
): PersistentVolume | null {
  const fits = fitting(claim, onlyReserved);
  let best: Candidate | null = null;
  for (const volume of volumes) {
    const candidate = fits(volume);
    if (candidate !== null && (best === null || isBetter(candidate, best))) best = candidate;
  }
  return best?.volume ?? null;
}

interface Candidate {
  readonly volume: PersistentVolume;
  readonly modes: number;
  readonly isReserved: boolean;
  readonly size: Quantity;
}

function isBetter(one: Candidate, other: Candidate): boolean {
  if (one.modes !== other.modes) return one.modes < other.modes;
  if (one.isReserved !== other.isReserved) return one.isReserved;
  return one.size.compare(other.size) < 0;
}

function fitting(
  claim: PersistentVolumeClaim,
  onlyReserved: boolean,
): (volume: PersistentVolume) => Candidate | null {
  const request = requestOf(claim);
  const className = classNameOf(claim);
  const selector = claim.spec?.selector;
  const labels = selector === undefined ? null : labelSelectorOf(selector);
  return (volume) => {
    const { spec = {}, metadata } = volume;
    if (metadata.deletionTimestamp !== undefined) return null;
    if (!hasModes(claim, volume) || !isSameMode(claim, volume)) return null;
    const size = storageOf(spec.capacity);
    if (size.compare(request) < 0) return null;
    const modes = spec.accessModes?.length ?? 0;
    if (isVolumeOfClaim(volume, claim)) return { volume, modes, isReserved: true, size };
    if (onlyReserved || spec.claimRef !== undefined) return null;
    if (classNameOf(volume) !== className || !isSameAttributes(claim, volume)) return null;
    if (labels !== null && !labels.matches(metadata.labels ?? {})) return null;
    return { volume, modes, isReserved: false, size };
  };
}

/** Why a volume that a claim names cannot be bound to it; null: it can. */
export function mismatchOf(claim: PersistentVolumeClaim, volume: PersistentVolume): string | null {
  if (storageOf(volume.spec?.capacity).compare(requestOf(claim)) < 0) {
    return 'requested PV is too small';
  }
  if (classNameOf(volume) !== classNameOf(claim)) return 'storageClassName does not match';
  if (!isSameAttributes(claim, volume)) return 'volumeAttributesClassName does not match';
  if (!isSameMode(claim, volume)) return 'incompatible volumeMode';
  return hasModes(claim, volume) ? null : 'incompatible accessMode';
}

function hasModes(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const modes = volume.spec?.accessModes ?? [];
  return (claim.spec?.accessModes ?? []).every((mode) => modes.includes(mode));
}

/** Both are file systems, or both are block devices. */
export function isSameMode(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const mode = 'Filesystem';
  return (claim.spec?.volumeMode ?? mode) === (volume.spec?.volumeMode ?? mode);
}

function isSameAttributes(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const wanted = claim.spec?.volumeAttributesClassName ?? '';
  return wanted === (volume.spec?.volumeAttributesClassName ?? '');
}
