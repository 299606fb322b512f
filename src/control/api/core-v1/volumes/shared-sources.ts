import { invalidValue, notSupported, required } from '../../../machinery/field-path.js';
import type {
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  HostPathVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  StorageOSVolumeSource,
} from '../../gen/core-v1.js';
import { checkDnsLabel, checkRange, checkSupported, isUnset } from '../field-checks.js';
import { checkNoBacksteps } from '../paths.js';
import type { SourceCheck } from './source-checks.js';

/** Sources that pods and persistent volumes have alike. */

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

/** A path on the node. */
export const checkHostPath: SourceCheck<HostPathVolumeSource> = (source, path, errors) => {
  if (isUnset(source.path)) {
    errors.push(required(path.child('path'), ''));
    return;
  }
  checkNoBacksteps(source.path, path.child('path'), errors);
  checkSupported(source.type, hostPathTypes, path.child('type'), errors);
};

/** A directory of an NFS server. */
export const checkNfs: SourceCheck<NFSVolumeSource> = (source, path, errors) => {
  if (isUnset(source.server)) errors.push(required(path.child('server'), ''));
  if (isUnset(source.path)) errors.push(required(path.child('path'), ''));
  if (!source.path?.startsWith('/')) {
    errors.push(invalidValue(path.child('path'), source.path ?? '', 'must be an absolute path'));
  }
};

const registryText = 'must be a host:port pair or multiple pairs separated by commas';

/** A volume of Quobyte. */
export const checkQuobyte: SourceCheck<QuobyteVolumeSource> = (source, path, errors) => {
  const { registry = '', tenant = '' } = source;
  if (registry === '') errors.push(required(path.child('registry'), registryText));
  else if (tenant.length >= 65) {
    const text = 'must be a UUID and may not exceed a length of 64 characters';
    errors.push(required(path.child('tenant'), text));
  } else {
    for (const pair of registry.split(',')) {
      if (isHostAndPort(pair)) continue;
      errors.push(invalidValue(path.child('registry'), registry, registryText));
    }
  }
  if (isUnset(source.volume)) errors.push(required(path.child('volume'), ''));
};

function isHostAndPort(pair: string): boolean {
  return /^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair);
}

/** A dataset of Flocker, by name or identity. */
export const checkFlocker: SourceCheck<FlockerVolumeSource> = (source, path, errors) => {
  const { datasetName = '', datasetUUID = '' } = source;
  if (datasetName === '' && datasetUUID === '') {
    errors.push(required(path, 'one of datasetName and datasetUUID is required'));
  }
  if (datasetName !== '' && datasetUUID !== '') {
    const text = 'datasetName and datasetUUID can not be specified simultaneously';
    errors.push(invalidValue(path, 'resource', text));
  }
  if (datasetName.includes('/')) {
    errors.push(invalidValue(path.child('datasetName'), datasetName, "must not contain '/'"));
  }
};

/** A volume of a Fibre Channel, by names of targets or by world wide identifiers. */
export const checkFc: SourceCheck<FCVolumeSource> = (source, path, errors) => {
  const { targetWWNs = [], wwids = [], lun } = source;
  if (targetWWNs.length === 0 && wwids.length === 0) {
    const text = 'must specify either targetWWNs or wwids, but not both';
    errors.push(required(path.child('targetWWNs'), text));
  }
  if (targetWWNs.length === 0) return;
  if (wwids.length > 0) {
    const text = 'targetWWNs and wwids can not be specified simultaneously';
    errors.push(invalidValue(path.child('targetWWNs'), targetWWNs, text));
  }
  if (lun !== undefined) checkRange(lun, [0, 255], path.child('lun'), errors);
  else errors.push(required(path.child('lun'), 'lun is required if targetWWNs is specified'));
};

/** A volume of a driver that a node has as a program. */
export const checkFlex: SourceCheck<Pick<FlexVolumeSource, 'driver' | 'options'>> = (
  source,
  path,
  errors,
) => {
  if (isUnset(source.driver)) errors.push(required(path.child('driver'), ''));
  for (const key of Object.keys(source.options ?? {})) {
    const slash = key.indexOf('/');
    const namespace = `.${(slash === -1 ? key : key.slice(0, slash)).toLowerCase()}`;
    if (!namespace.endsWith('.kubernetes.io') && !namespace.endsWith('.k8s.io')) continue;
    const text = 'kubernetes.io and k8s.io namespaces are reserved';
    errors.push(invalidValue(path.child('options').key(key), key, text));
  }
};

const cachingModes = ['None', 'ReadOnly', 'ReadWrite'];
const diskKinds = ['Dedicated', 'Managed', 'Shared'];
const managedUri =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobUri = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

/** A disk of Azure. */
export const checkAzureDisk: SourceCheck<AzureDiskVolumeSource> = (source, path, errors) => {
  const { diskURI = '', kind } = source;
  if (isUnset(source.diskName)) errors.push(required(path.child('diskName'), ''));
  if (diskURI === '') errors.push(required(path.child('diskURI'), ''));
  checkSupported(source.cachingMode, cachingModes, path.child('cachingMode'), errors);
  checkSupported(kind, diskKinds, path.child('kind'), errors);
  if (kind === undefined) return;
  const isManaged = kind === 'Managed';
  if (diskURI.startsWith(isManaged ? '/subscriptions/' : 'https://')) return;
  errors.push(notSupported(path.child('diskURI'), diskURI, [isManaged ? managedUri : blobUri]));
};

/** A volume of StorageOS; its Secret is checked apart. */
export const checkStorageOs: SourceCheck<
  Pick<StorageOSVolumeSource, 'volumeName' | 'volumeNamespace'>
> = ({ volumeName, volumeNamespace }, path, errors) => {
  if (isUnset(volumeName)) errors.push(required(path.child('volumeName'), ''));
  else checkDnsLabel(volumeName, path.child('volumeName'), errors);
  if (!isUnset(volumeNamespace)) {
    checkDnsLabel(volumeNamespace, path.child('volumeNamespace'), errors);
  }
};
