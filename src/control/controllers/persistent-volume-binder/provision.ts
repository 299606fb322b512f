import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeSpec,
} from '../../api/gen/core-v1.js';
import type { StorageClass } from '../../api/gen/storage-v1.js';
import {
  betaStorageProvisioner,
  boundByController,
  hostPathProvisioner,
  provisionedBy,
  selectedNode,
  storageProvisioner,
} from '../volumes/annotations.js';
import { classNameOf } from '../volumes/claims.js';
import { type BinderAction, told } from './actions.js';
import { withAnnotations } from './bind.js';

/** What provisioning may do. */
export interface ProvisionRules {
  /** False: claims wait for volumes that somebody makes. */
  readonly isDynamic: boolean;
  readonly hasHostPath: boolean;
}

const kubernetesPrefix = 'kubernetes.io/';
const hostPathDefault = '/var/lib/flotilla/host-path';

/** What is to be done for a claim that needs a volume made for it. */
export function provision(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass | undefined,
  rules: ProvisionRules,
): BinderAction[] {
  if (!rules.isDynamic) return [];
  if (storageClass === undefined) {
    const message = `storageclass.storage.k8s.io ${JSON.stringify(classNameOf(claim))} not found`;
    return [told(claim, 'Warning', 'ProvisioningFailed', message)];
  }
  const { provisioner = '' } = storageClass;
  if (provisioner.startsWith(kubernetesPrefix)) {
    const message = `no volume plugin matched name: ${provisioner}`;
    return [told(claim, 'Warning', 'ProvisioningFailed', message)];
  }
  const marked = withProvisioner(claim, provisioner);
  const mark: BinderAction[] = marked === claim ? [] : [{ kind: 'write-claim', claim: marked }];
  if (provisioner === hostPathProvisioner && rules.hasHostPath) {
    return [...mark, ...provisionHostPath(claim, storageClass)];
  }
  const message =
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' ` +
    'or manually by the system administrator. If volume creation is delayed, please verify that ' +
    'the provisioner is running and correctly registered.';
  return [...mark, told(claim, 'Normal', 'ExternalProvisioning', message)];
}

function withProvisioner(claim: PersistentVolumeClaim, provisioner: string): PersistentVolumeClaim {
  const { annotations = {} } = claim.metadata;
  const isMarked = [storageProvisioner, betaStorageProvisioner].every(
    (name) => annotations[name] === provisioner,
  );
  if (isMarked) return claim;
  const added = { [storageProvisioner]: provisioner, [betaStorageProvisioner]: provisioner };
  return withAnnotations(claim, added);
}

/** The name of the volume that is made for a claim: the same however often it is tried. */
export function provisionedName({ metadata }: PersistentVolumeClaim): string {
  return `pvc-${metadata.uid ?? ''}`;
}

function provisionHostPath(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
): BinderAction[] {
  if (claim.spec?.volumeMode === 'Block') {
    const { name = '' } = storageClass.metadata;
    const message =
      `Failed to provision volume with StorageClass ${JSON.stringify(name)}: ` +
      `${hostPathProvisioner} does not support block volumes`;
    return [told(claim, 'Warning', 'ProvisioningFailed', message)];
  }
  const volume = hostPathVolume(claim, storageClass);
  const message = `Successfully provisioned volume ${volume.metadata.name} using ${hostPathProvisioner}`;
  return [
    { kind: 'create-volume', volume },
    told(claim, 'Normal', 'ProvisioningSucceeded', message),
  ];
}

function hostPathVolume(
  claim: PersistentVolumeClaim,
  { parameters = {}, reclaimPolicy = 'Delete', mountOptions }: StorageClass,
): PersistentVolume {
  const { name, namespace, uid, resourceVersion, annotations = {} } = claim.metadata;
  const volumeName = provisionedName(claim);
  const node = annotations[selectedNode];
  const claimRef = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const spec: PersistentVolumeSpec = {
    accessModes: [...(claim.spec?.accessModes ?? [])],
    capacity: { storage: claim.spec?.resources?.requests?.storage ?? '0' },
    persistentVolumeReclaimPolicy: reclaimPolicy,
    storageClassName: classNameOf(claim),
    volumeMode: 'Filesystem',
    hostPath: {
      path: `${parameters.path ?? hostPathDefault}/${volumeName}`,
      type: 'DirectoryOrCreate',
    },
    claimRef,
    ...(mountOptions === undefined ? {} : { mountOptions: [...mountOptions] }),
    ...(node === undefined ? {} : { nodeAffinity: onNode(node) }),
  };
  const metadata = {
    name: volumeName,
    annotations: { [boundByController]: 'yes', [provisionedBy]: hostPathProvisioner },
  };
  return { metadata, spec };
}

function onNode(name: string): NonNullable<PersistentVolumeSpec['nodeAffinity']> {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }];
  return { required: { nodeSelectorTerms: [{ matchExpressions }] } };
}
