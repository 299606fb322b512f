import {
  duplicate,
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/field-path.js';
import { dnsSubdomainProblems } from '../../../machinery/names.js';
import { quote } from '../../../machinery/quote.js';
import type {
  AWSElasticBlockStoreVolumeSource,
  CinderVolumeSource,
  GCEPersistentDiskVolumeSource,
  StorageOSVolumeSource,
  Volume,
} from '../../gen/core-v1.js';
import { quantityOf } from '../amounts.js';
import {
  addProblems,
  checkDnsLabel,
  checkPresent,
  type FieldErrors,
  isUnset,
} from '../field-checks.js';
import { checkDescendingPath } from '../paths.js';
import { checkClaimTemplate } from './claim-spec.js';
import { checkIscsi, checkIscsiVolumeName } from './iscsi.js';
import { checkDownwardFile, checkKeyToPath, checkProjected } from './projected.js';
import {
  checkAzureDisk,
  checkFc,
  checkFlex,
  checkFlocker,
  checkHostPath,
  checkNfs,
  checkQuobyte,
  checkStorageOs,
} from './shared-sources.js';
import {
  allOf,
  checkCsiDriverName,
  checkFileMode,
  checkPartition,
  checkPullPolicy,
  checkSecretRef,
  checkSources,
  needs,
  type SourceChecks,
} from './source-checks.js';

/** The sources of a pod's volume, in the order in which the API looks at them. */
const sourceChecks: SourceChecks<Omit<Volume, 'name'>> = [
  {
    kind: 'emptyDir',
    check: ({ sizeLimit }, path, errors) => {
      if (quantityOf(sizeLimit).sign >= 0) return;
      const text = 'SizeLimit field must be a valid resource quantity';
      errors.push(forbiddenField(path.child('sizeLimit'), text));
    },
  },
  { kind: 'hostPath', check: checkHostPath },
  {
    kind: 'gitRepo',
    check: ({ repository, directory }, path, errors) => {
      checkPresent(repository, path.child('repository'), errors);
      checkDescendingPath(directory ?? '', path.child('directory'), errors);
    },
  },
  {
    kind: 'gcePersistentDisk',
    shownAs: 'persistentDisk',
    check: allOf<GCEPersistentDiskVolumeSource>(needs('pdName'), checkPartition),
  },
  {
    kind: 'awsElasticBlockStore',
    check: allOf<AWSElasticBlockStoreVolumeSource>(needs('volumeID'), checkPartition),
  },
  {
    kind: 'secret',
    check: ({ secretName, defaultMode, items }, path, errors) => {
      checkPresent(secretName, path.child('secretName'), errors);
      checkFileMode(defaultMode, path.child('defaultMode'), errors);
      items?.forEach((item, at) => {
        checkKeyToPath(item, path.child('items').index(at), errors);
      });
    },
  },
  { kind: 'nfs', check: checkNfs },
  { kind: 'iscsi', check: checkIscsi },
  { kind: 'glusterfs', check: needs('endpoints', 'path') },
  { kind: 'flocker', check: checkFlocker },
  { kind: 'persistentVolumeClaim', check: needs('claimName') },
  { kind: 'rbd', check: needs('monitors', 'image') },
  { kind: 'cinder', check: allOf<CinderVolumeSource>(needs('volumeID'), checkSecretRef('name')) },
  { kind: 'cephfs', shownTwiceAs: 'cephFS', check: needs('monitors') },
  { kind: 'quobyte', check: checkQuobyte },
  {
    kind: 'downwardAPI',
    shownTwiceAs: 'downwarAPI',
    check: ({ defaultMode, items }, path, errors) => {
      checkFileMode(defaultMode, path.child('defaultMode'), errors);
      for (const file of items ?? []) checkDownwardFile(file, path, errors);
    },
  },
  { kind: 'fc', check: checkFc },
  { kind: 'flexVolume', check: checkFlex },
  {
    kind: 'configMap',
    check: ({ name, defaultMode, items }, path, errors) => {
      checkPresent(name, path.child('name'), errors);
      checkFileMode(defaultMode, path.child('defaultMode'), errors);
      items?.forEach((item, at) => {
        checkKeyToPath(item, path.child('items').index(at), errors);
      });
    },
  },
  { kind: 'azureFile', check: needs('secretName', 'shareName') },
  { kind: 'vsphereVolume', check: needs('volumePath') },
  { kind: 'photonPersistentDisk', check: needs('pdID') },
  { kind: 'portworxVolume', check: needs('volumeID') },
  { kind: 'azureDisk', check: checkAzureDisk },
  {
    kind: 'storageos',
    check: allOf<StorageOSVolumeSource>(checkStorageOs, checkSecretRef('name')),
  },
  { kind: 'projected', check: checkProjected },
  { kind: 'scaleIO', check: needs('gateway', 'system', 'volumeName') },
  {
    kind: 'csi',
    check: ({ driver, nodePublishSecretRef }, path, errors) => {
      checkCsiDriverName(driver, path.child('driver'), errors);
      if (nodePublishSecretRef === undefined) return;
      const { name } = nodePublishSecretRef;
      if (isUnset(name)) errors.push(required(path.child('nodePublishSecretRef', 'name'), ''));
      else addProblems(dnsSubdomainProblems(name), path.child('name'), name, errors);
    },
  },
  {
    kind: 'ephemeral',
    check: ({ volumeClaimTemplate }, path, errors) => {
      const at = path.child('volumeClaimTemplate');
      if (volumeClaimTemplate === undefined) errors.push(required(at, ''));
      else checkClaimTemplate(volumeClaimTemplate, at, errors);
    },
  },
  {
    kind: 'image',
    check: ({ reference, pullPolicy }, path, errors) => {
      checkPresent(reference, path.child('reference'), errors);
      checkPullPolicy(pullPolicy, path.child('pullPolicy'), errors);
    },
  },
];

/** The kinds of sources that a volume can have; none is set in one that the client left empty. */
export const volumeSourceKinds: readonly string[] = sourceChecks.map(({ kind }) => kind);

/**
 * The volumes of a pod. Returns those that are sound, by name: only they can be mounted. `podName` is '' in a template, where
 * the names of the claims that ephemeral volumes get are not known yet.
 */
export function checkVolumes(
  volumes: readonly Volume[] | undefined,
  podName: string,
  path: FieldPath,
  errors: FieldErrors,
): Map<string, Volume> {
  const sound = new Map<string, Volume>();
  const ownClaims = claimsOfEphemeralVolumes(volumes ?? [], podName);
  volumes?.forEach((volume, at) => {
    const entry = path.index(at);
    const name = volume.name ?? '';
    const found: FieldErrors = [];
    checkVolumeSource(volume, podName, entry, found);
    if (name === '') found.push(required(entry.child('name'), ''));
    else checkDnsLabel(name, entry.child('name'), found);
    if (sound.has(name)) found.push(duplicate(entry.child('name'), name));
    if (found.length === 0) sound.set(name, volume);
    errors.push(...found);
    const claimName = volume.persistentVolumeClaim?.claimName;
    if (claimName !== undefined && ownClaims.has(claimName)) {
      const text = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(invalidValue(entry.child('persistentVolumeClaim', 'claimName'), claimName, text));
    }
  });
  return sound;
}

function claimsOfEphemeralVolumes(volumes: readonly Volume[], podName: string): Set<string> {
  if (podName === '') return new Set();
  return new Set(
    volumes
      .filter((volume) => volume.ephemeral !== undefined)
      .map((volume) => `${podName}-${volume.name ?? ''}`),
  );
}

function checkVolumeSource(
  volume: Volume,
  podName: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const name = volume.name ?? '';
  checkSources(volume, sourceChecks, path, errors);
  if (volume.iscsi) checkIscsiVolumeName(volume.iscsi, name, path, errors);
  const isOnlyEphemeral =
    volume.ephemeral !== undefined &&
    volumeSourceKinds.findIndex((kind) => volume[kind as keyof Volume] !== undefined) ===
      volumeSourceKinds.indexOf('ephemeral');
  if (!isOnlyEphemeral || podName === '' || name === '') return;
  const claim = `${podName}-${name}`;
  for (const problem of dnsSubdomainProblems(claim)) {
    const text = `PVC name ${quote(claim)}: ${problem}`;
    errors.push(invalidValue(path.child('name'), name, text));
  }
}
