import type { CSIDriver, CSIStorageCapacity, StorageClass } from '../../../api/gen/storage-v1.js';
import { deepEqual } from '../../../machinery/deep-equal.js';
import type { ClusterEvent, ClusterEventInterest } from '../../framework/cluster-event.js';
import { usesClaim } from '../pod-claims.js';
import { volumeLimit } from './storage-capacity.js';

/** Changes that may give a pod its volumes. */
export function volumeBindingEvents(): readonly ClusterEventInterest[] {
  return [
    { resource: 'StorageClass', actions: ['add', 'update'], hint: (_, event) => afterClass(event) },
    {
      resource: 'PersistentVolumeClaim',
      actions: ['add', 'update'],
      hint: ({ pod }, { after }) =>
        usesClaim(pod, after?.metadata.namespace, after?.metadata.name) ? 'queue' : 'skip',
    },
    { resource: 'PersistentVolume', actions: ['add', 'update'] },
    { resource: 'Node', actions: ['add', 'update-node-label'] },
    { resource: 'CSIDriver', actions: ['update'], hint: (_, event) => afterDriver(event) },
    {
      resource: 'CSIStorageCapacity',
      actions: ['add', 'update'],
      hint: (_, event) => afterCapacity(event),
    },
  ];
}

function afterClass({ before, after }: ClusterEvent): 'queue' | 'skip' {
  if (before === null) return 'queue';
  const [old, current] = [before as StorageClass, after as StorageClass];
  return deepEqual(old.allowedTopologies, current.allowedTopologies) ? 'skip' : 'queue';
}

/** Capacity does not count any more. */
function afterDriver({ before, after }: ClusterEvent): 'queue' | 'skip' {
  const [old, current] = [before as CSIDriver | null, after as CSIDriver | null];
  const ends = old?.spec?.storageCapacity === true && current?.spec?.storageCapacity !== true;
  return ends ? 'queue' : 'skip';
}

function afterCapacity({ before, after }: ClusterEvent): 'queue' | 'skip' {
  if (before === null) return 'queue';
  const limit = volumeLimit(after as CSIStorageCapacity);
  const old = volumeLimit(before as CSIStorageCapacity);
  return limit !== null && (old === null || limit.compare(old) > 0) ? 'queue' : 'skip';
}
