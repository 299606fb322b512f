import { type FieldPath, invalidValue, required } from '../../../machinery/field-path.js';
import { dnsLabelProblems } from '../../../machinery/names.js';
import type {
  AWSElasticBlockStoreVolumeSource,
  AzureFilePersistentVolumeSource,
  CinderPersistentVolumeSource,
  CSIPersistentVolumeSource,
  GCEPersistentDiskVolumeSource,
  GlusterfsPersistentVolumeSource,
  PersistentVolumeSpec,
  SecretReference,
  StorageOSPersistentVolumeSource,
} from '../../gen/core-v1.js';
import {
  addProblems,
  checkDnsLabel,
  checkDnsSubdomain,
  type FieldErrors,
  isUnset,
} from '../field-checks.js';
import { checkNoBacksteps } from '../paths.js';
import { checkPersistentIscsi } from './iscsi.js';
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
  checkPartition,
  checkSecretRef,
  checkSources,
  needs,
  type SourceChecks,
} from './source-checks.js';

/** The fields of a persistent volume that say where its bytes are. */
export const persistentSourceKinds = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const;

/** A persistent volume's source. */
export type PersistentSources = Pick<PersistentVolumeSpec, (typeof persistentSourceKinds)[number]>;

/** Where the bytes of a persistent volume are: in exactly one place. */
export function checkPersistentSources(
  spec: PersistentVolumeSpec,
  volumeName: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const hasNodeAffinity = spec.nodeAffinity !== undefined;
  checkSources<PersistentSources>(spec, checksFor(volumeName, hasNodeAffinity, path), path, errors);
}

function checksFor(
  volumeName: string,
  hasNodeAffinity: boolean,
  specPath: FieldPath,
): SourceChecks<PersistentSources> {
  return [
    { kind: 'hostPath', check: checkHostPath },
    {
      kind: 'gcePersistentDisk',
      shownAs: 'persistentDisk',
      check: allOf<GCEPersistentDiskVolumeSource>(needs('pdName'), checkPartition),
    },
    {
      kind: 'awsElasticBlockStore',
      check: allOf<AWSElasticBlockStoreVolumeSource>(needs('volumeID'), checkPartition),
    },
    { kind: 'glusterfs', check: checkGlusterfs },
    { kind: 'flocker', check: checkFlocker },
    { kind: 'nfs', check: checkNfs },
    { kind: 'rbd', check: needs('monitors', 'image') },
    { kind: 'quobyte', check: checkQuobyte },
    { kind: 'cephfs', shownTwiceAs: 'cephFS', check: needs('monitors') },
    {
      kind: 'iscsi',
      check: (source, path, errors) => checkPersistentIscsi(source, volumeName, path, errors),
    },
    {
      kind: 'cinder',
      check: allOf<CinderPersistentVolumeSource>(
        needs('volumeID'),
        checkSecretRef('name', 'namespace'),
      ),
    },
    { kind: 'fc', check: checkFc },
    { kind: 'flexVolume', check: checkFlex },
    {
      kind: 'azureFile',
      check: (source, path, errors) => {
        needs<AzureFilePersistentVolumeSource>('secretName', 'shareName')(source, path, errors);
        if (source.secretNamespace === '') errors.push(required(path.child('secretNamespace'), ''));
      },
    },
    { kind: 'vsphereVolume', check: needs('volumePath') },
    { kind: 'photonPersistentDisk', check: needs('pdID') },
    { kind: 'portworxVolume', check: needs('volumeID') },
    { kind: 'azureDisk', check: checkAzureDisk },
    { kind: 'scaleIO', check: needs('gateway', 'system', 'volumeName') },
    {
      kind: 'local',
      check: (source, path, errors) => {
        if (isUnset(source.path)) errors.push(required(path.child('path'), ''));
        else checkNoBacksteps(source.path, path.child('path'), errors);
        if (hasNodeAffinity) return;
        errors.push(
          required(specPath.child('nodeAffinity'), 'Local volume requires node affinity'),
        );
      },
    },
    {
      kind: 'storageos',
      check: allOf<StorageOSPersistentVolumeSource>(
        checkStorageOs,
        checkSecretRef('name', 'namespace'),
      ),
    },
    { kind: 'csi', check: checkPersistentCsi },
  ];
}

function checkGlusterfs(
  source: GlusterfsPersistentVolumeSource,
  path: FieldPath,
  errors: FieldErrors,
): void {
  needs<GlusterfsPersistentVolumeSource>('endpoints', 'path')(source, path, errors);
  const namespace = source.endpointsNamespace;
  if (namespace === undefined) return;
  const at = path.child('endpointsNamespace');
  if (namespace === '') {
    const text = 'if the endpointnamespace is set, it must be a valid namespace name';
    errors.push(invalidValue(at, namespace, text));
  }
  addProblems(dnsLabelProblems(namespace), at, namespace, errors);
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

function checkPersistentCsi(
  source: CSIPersistentVolumeSource,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkCsiDriverName(source.driver, path.child('driver'), errors);
  if (isUnset(source.volumeHandle)) errors.push(required(path.child('volumeHandle'), ''));
  for (const name of csiSecrets) {
    const secret = source[name];
    if (secret !== undefined) checkSecretReference(secret, path.child(name), errors);
  }
}

function checkSecretReference(
  { name, namespace }: SecretReference,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(name)) errors.push(required(path.child('name'), ''));
  else checkDnsSubdomain(name, path.child('name'), errors);
  if (isUnset(namespace)) errors.push(required(path.child('namespace'), ''));
  else checkDnsLabel(namespace, path.child('namespace'), errors);
}
