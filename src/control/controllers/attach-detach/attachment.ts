import { createHash } from 'node:crypto';
import type { PersistentVolume } from '../../api/gen/core-v1.js';
import type { VolumeAttachment } from '../../api/gen/storage-v1.js';

/** A volume that a node must have before pods there can use it. */
export interface WantedAttachment {
  readonly node: string;
  readonly volume: PersistentVolume;
  /** Keys of the pods that wait for it. */
  readonly pods: readonly string[];
}

/** The name of the attachment of a CSI volume to a node: drivers and kubelets compute it too. */
export function attachmentName(handle: string, driver: string, node: string): string {
  const hash = createHash('sha256').update(`${handle}${driver}${node}`).digest('hex');
  return `csi-${hash}`;
}

/** The name under which nodes report a CSI volume. */
export function nodeVolumeName({ spec }: PersistentVolume): string {
  return `kubernetes.io/csi/${spec?.csi?.driver ?? ''}^${spec?.csi?.volumeHandle ?? ''}`;
}

/** The request to attach a volume to a node. */
export function attachmentOf({ node, volume }: WantedAttachment): VolumeAttachment {
  const { driver = '', volumeHandle = '' } = volume.spec?.csi ?? {};
  return {
    metadata: { name: attachmentName(volumeHandle, driver, node) },
    spec: {
      attacher: driver,
      nodeName: node,
      source: { persistentVolumeName: volume.metadata.name ?? '' },
    },
  };
}

/** What tells apart attachments: one of a volume to a node. */
export function attachmentKey(node: string, volumeName: string): string {
  return `${node}/${volumeName}`;
}

/** The key of one that exists. */
export function keyOfAttachment({ spec }: VolumeAttachment): string {
  return attachmentKey(spec?.nodeName ?? '', spec?.source?.persistentVolumeName ?? '');
}
