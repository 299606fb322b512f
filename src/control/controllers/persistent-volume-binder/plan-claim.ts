import type { PersistentVolume, PersistentVolumeClaim } from '../../api/gen/core-v1.js';
import type { StorageClass } from '../../api/gen/storage-v1.js';
import { objectKey } from '../../client/index.js';
import {
  betaStorageClass,
  bindCompleted,
  boundByController,
  isDefaultClass,
  selectedNode,
} from '../volumes/annotations.js';
import { claimKeyOf, classNameOf, isVolumeOfClaim } from '../volumes/claims.js';
import { type BinderAction, told } from './actions.js';
import { bind, claimPhase } from './bind.js';
import { bestVolume, mismatchOf } from './match.js';
import { type ProvisionRules, provision } from './provision.js';

/** What a claim's fate is planned from. */
export interface ClaimNeeds {
  readonly claim: PersistentVolumeClaim;
  /** The one that the claim names. */
  readonly named: PersistentVolume | undefined;
  /** Those of the claim's class, and those that are for the claim. */
  readonly volumes: readonly PersistentVolume[];
  /** All of them. */
  readonly classes: readonly StorageClass[];
  /** The names of pods that use the claim and are on no node yet. */
  readonly waitingPods: readonly string[];
  readonly rules: ProvisionRules;
}

/** What to do with a claim: bind it, have a volume made for it, let it wait, or say that it has lost its volume. Pure. */
export function planClaim(needs: ClaimNeeds): BinderAction[] {
  const { claim, named } = needs;
  const isBound = claim.metadata.annotations?.[bindCompleted] !== undefined;
  if (isBound) return planBound(claim, named);
  if ((claim.spec?.volumeName ?? '') === '') return planUnnamed(needs);
  return named === undefined ? claimPhase(claim, 'Pending', null) : planNamed(claim, named);
}

/** The claim was bound once. */
function planBound(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume | undefined,
): BinderAction[] {
  if ((claim.spec?.volumeName ?? '') === '') {
    const message =
      'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!';
    return lose(claim, 'ClaimLost', message);
  }
  if (volume === undefined) {
    const message = 'Bound claim has lost its PersistentVolume. Data on the volume is lost!';
    return lose(claim, 'ClaimLost', message);
  }
  const { claimRef } = volume.spec ?? {};
  if (claimRef === undefined || claimRef.uid === claim.metadata.uid) return bind(volume, claim);
  const message = 'Two claims are bound to the same volume, this one is bound incorrectly';
  return lose(claim, 'ClaimMisbound', message);
}

function lose(claim: PersistentVolumeClaim, reason: string, message: string): BinderAction[] {
  if (claim.status?.phase === 'Lost') return [];
  return [...claimPhase(claim, 'Lost', null), told(claim, 'Warning', reason, message)];
}

/** A user has named the volume. */
function planNamed(claim: PersistentVolumeClaim, volume: PersistentVolume): BinderAction[] {
  const { name = '' } = volume.metadata;
  if (volume.spec?.claimRef === undefined) {
    const mismatch = mismatchOf(claim, volume);
    if (mismatch === null) return bind(volume, claim);
    const message = `Cannot bind to requested volume ${JSON.stringify(name)}: ${mismatch}`;
    return [
      told(claim, 'Warning', 'VolumeMismatch', message),
      ...claimPhase(claim, 'Pending', null),
    ];
  }
  if (isVolumeOfClaim(volume, claim)) return bind(volume, claim);
  const message = `volume ${JSON.stringify(name)} already bound to a different claim.`;
  return [told(claim, 'Warning', 'FailedBinding', message), ...claimPhase(claim, 'Pending', null)];
}

/** Any volume will do. */
function planUnnamed(needs: ClaimNeeds): BinderAction[] {
  const { claim, volumes, classes } = needs;
  const storageClass = classes.find(({ metadata }) => metadata.name === classNameOf(claim));
  const waitsForPod = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
  const volume = bestVolume(claim, volumes, { onlyReserved: waitsForPod });
  if (volume !== null) return bind(volume, claim);
  const defaulted = withDefaultClass(claim, classes);
  if (defaulted !== claim) return [{ kind: 'write-claim', claim: defaulted }];
  const isPlaced = claim.metadata.annotations?.[selectedNode] !== undefined;
  if (waitsForPod && !isPlaced) return [waiting(needs), ...claimPhase(claim, 'Pending', null)];
  if (classNameOf(claim) !== '') return provision(claim, storageClass, needs.rules);
  const message = 'no persistent volumes available for this claim and no storage class is set';
  return [told(claim, 'Normal', 'FailedBinding', message), ...claimPhase(claim, 'Pending', null)];
}

function waiting({ claim, waitingPods }: ClaimNeeds): BinderAction {
  if (waitingPods.length === 0) {
    const message = 'waiting for first consumer to be created before binding';
    return told(claim, 'Normal', 'WaitForFirstConsumer', message);
  }
  const pods = waitingPods.length === 1 ? 'pod' : 'pods';
  const message = `waiting for ${pods} ${waitingPods.join(',')} to be scheduled`;
  return told(claim, 'Normal', 'WaitForPodScheduled', message);
}

/** A claim that says nothing of a class gets the default one, even when that came after it. */
function withDefaultClass(
  claim: PersistentVolumeClaim,
  classes: readonly StorageClass[],
): PersistentVolumeClaim {
  const isSilent =
    claim.spec?.storageClassName === undefined &&
    claim.metadata.annotations?.[betaStorageClass] === undefined;
  if (!isSilent) return claim;
  const name = defaultClass(classes)?.metadata.name;
  return name === undefined ? claim : { ...claim, spec: { ...claim.spec, storageClassName: name } };
}

/** Of several the youngest, and of those the first by name. */
function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const defaults = classes.filter(
    ({ metadata }) => metadata.annotations?.[isDefaultClass] === 'true',
  );
  return defaults.sort((a, b) => {
    const [timeA = '', timeB = ''] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
    if (timeA !== timeB) return timeA > timeB ? -1 : 1;
    return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
  })[0];
}

/** Whether the volume may change what happens to the claim. */
export function concerns(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (
    claimKeyOf(volume) === objectKey(claim) ||
    claim.spec?.volumeName === volume.metadata.name ||
    (volume.spec?.claimRef === undefined &&
      (claim.spec?.volumeName ?? '') === '' &&
      claim.metadata.annotations?.[boundByController] === undefined &&
      classNameOf(volume) === classNameOf(claim))
  );
}
