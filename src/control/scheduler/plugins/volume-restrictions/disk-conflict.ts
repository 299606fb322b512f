import type { Pod, Volume } from '../../../api/gen/core-v1.js';

/** Whether a volume is of a kind that pods of one node may not share. */
export function isExclusive(volume: Volume): boolean {
  return (
    volume.gcePersistentDisk !== undefined ||
    volume.awsElasticBlockStore !== undefined ||
    volume.rbd !== undefined ||
    volume.iscsi !== undefined
  );
}

/** Whether a volume is the same disk as one of a pod's, and not read only on both sides. */
export function conflicts(volume: Volume, pod: Pod): boolean {
  return (pod.spec?.volumes ?? []).some((other) => isSameDisk(volume, other));
}

function isSameDisk(a: Volume, b: Volume): boolean {
  if (a.gcePersistentDisk !== undefined && b.gcePersistentDisk !== undefined) {
    const [one, two] = [a.gcePersistentDisk, b.gcePersistentDisk];
    if (one.pdName === two.pdName && isWritten(one, two)) return true;
  }
  if (a.awsElasticBlockStore !== undefined && b.awsElasticBlockStore !== undefined) {
    if (a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID) return true;
  }
  if (a.iscsi !== undefined && b.iscsi !== undefined) {
    if (a.iscsi.iqn === b.iscsi.iqn && isWritten(a.iscsi, b.iscsi)) return true;
  }
  if (a.rbd !== undefined && b.rbd !== undefined) {
    const [one, two] = [a.rbd, b.rbd];
    const isSharedMonitor = one.monitors?.some((monitor) => two.monitors?.includes(monitor));
    const isSame = one.pool === two.pool && one.image === two.image;
    if (isSharedMonitor === true && isSame && isWritten(one, two)) return true;
  }
  return false;
}

function isWritten(a: { readonly readOnly?: boolean }, b: { readonly readOnly?: boolean }) {
  return a.readOnly !== true || b.readOnly !== true;
}
