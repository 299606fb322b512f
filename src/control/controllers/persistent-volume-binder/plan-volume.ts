import type { PersistentVolume, PersistentVolumeClaim } from '../../api/gen/core-v1.js';
import { objectKey } from '../../client/index.js';
import { hostPathProvisioner, provisionedBy } from '../volumes/annotations.js';
import { type BinderAction, told } from './actions.js';
import { unbind, volumePhase } from './bind.js';
import { isSameMode } from './match.js';

/** What a volume's fate is planned from. */
export interface VolumeNeeds {
  readonly volume: PersistentVolume;
  /** The one of the name that the volume says, whatever its uid. */
  readonly claim: PersistentVolumeClaim | undefined;
}

/** What to do with a volume: say what it is, let go of a claim that has another, or reclaim it. Pure. */
export function planVolume({ volume, claim }: VolumeNeeds): BinderAction[] {
  const { claimRef } = volume.spec ?? {};
  // Reserved by a user: the claim's turn will come.
  if ((claimRef?.uid ?? '') === '') return volumePhase(volume, 'Available');
  if (claim === undefined || claim.metadata.uid !== claimRef?.uid) return release(volume);
  const volumeName = claim.spec?.volumeName ?? '';
  if (volumeName === volume.metadata.name) return volumePhase(volume, 'Bound');
  if (volumeName === '') return finish(volume, claim);
  const wasMade = volume.metadata.annotations?.[provisionedBy] !== undefined;
  const isDeleted = volume.spec?.persistentVolumeReclaimPolicy === 'Delete';
  return wasMade && isDeleted ? release(volume) : unbind(volume);
}

/** The volume knows its claim already: the claim is to learn of it. */
function finish(volume: PersistentVolume, claim: PersistentVolumeClaim): BinderAction[] {
  if (isSameMode(claim, volume)) return [{ kind: 'look-at-claim', key: objectKey(claim) }];
  const { name: volumeName } = volume.metadata;
  const { name: claimName } = claim.metadata;
  const ofVolume = `Cannot bind PersistentVolume to requested PersistentVolumeClaim ${JSON.stringify(claimName)} due to incompatible volumeMode.`;
  const ofClaim = `Cannot bind PersistentVolume ${JSON.stringify(volumeName)} to requested PersistentVolumeClaim due to incompatible volumeMode.`;
  return [
    told(volume, 'Warning', 'VolumeMismatch', ofVolume),
    told(claim, 'Warning', 'VolumeMismatch', ofClaim),
  ];
}

/** The claim is gone. What is Failed stays so, that users see it; it is tried again all the same. */
function release(volume: PersistentVolume): BinderAction[] {
  const { phase } = volume.status ?? {};
  const isOver = phase === 'Released' || phase === 'Failed';
  const released = isOver ? [] : volumePhase(volume, 'Released');
  const [last] = released;
  const current = last?.kind === 'write-volume-status' ? last.volume : volume;
  return [...released, ...reclaim(current)];
}

function reclaim(volume: PersistentVolume): BinderAction[] {
  const policy = volume.spec?.persistentVolumeReclaimPolicy ?? 'Retain';
  switch (policy) {
    case 'Retain':
      return [];
    case 'Delete':
      return remove(volume);
    case 'Recycle':
      return fail(volume, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!');
    default: {
      const message = 'Volume has unrecognized PersistentVolumeReclaimPolicy';
      return fail(volume, 'VolumeUnknownReclaimPolicy', message);
    }
  }
}

function remove(volume: PersistentVolume): BinderAction[] {
  if (volume.metadata.deletionTimestamp !== undefined) return [];
  const maker = volume.metadata.annotations?.[provisionedBy] ?? '';
  if (maker === hostPathProvisioner) return [{ kind: 'delete-volume', volume }];
  // Who has made it deletes it.
  if (maker !== '' && !maker.startsWith('kubernetes.io/')) return [];
  const name = JSON.stringify(volume.metadata.name);
  const message = `error getting deleter volume plugin for volume ${name}: no deletable volume plugin matched`;
  return fail(volume, 'VolumeFailedDelete', message);
}

/** Told once, when the volume gets there. */
function fail(volume: PersistentVolume, reason: string, message: string): BinderAction[] {
  const actions = volumePhase(volume, 'Failed', message);
  return actions.length === 0 ? [] : [...actions, told(volume, 'Warning', reason, message)];
}
