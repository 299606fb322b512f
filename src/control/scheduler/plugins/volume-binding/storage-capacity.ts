import type { Node, PersistentVolumeClaim } from '../../../api/gen/core-v1.js';
import type { CSIDriver, CSIStorageCapacity, StorageClass } from '../../../api/gen/storage-v1.js';
import type { Lister } from '../../../client/index.js';
import { labelSelectorOf } from '../../../machinery/label-selector.js';
import { labelOf } from '../../../machinery/labels.js';
import { Quantity } from '../../../machinery/quantity.js';
import { requestedStorage } from './volume-match.js';

/** Whether the storage class can make volumes for pods on this node. */
export function isAllowedTopology({ allowedTopologies = [] }: StorageClass, node: Node): boolean {
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(
    ({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.length > 0 &&
      matchLabelExpressions.every(({ key = '', values = [] }) => {
        const value = labelOf(node.metadata.labels, key);
        return value !== undefined && values.includes(value);
      }),
  );
}

/** Where there is storage for new volumes, as drivers tell it. */
export interface StorageCapacities {
  readonly drivers: Lister<CSIDriver>;
  readonly capacities: Lister<CSIStorageCapacity>;
}

/** Whether there is room for the claim's volume; drivers that do not tell are taken to have it. */
export function hasCapacity(
  { drivers, capacities }: StorageCapacities,
  claim: PersistentVolumeClaim,
  { metadata, provisioner = '' }: StorageClass,
  node: Node,
): boolean {
  if (claim.spec?.resources?.requests?.storage === undefined) return true;
  if (drivers.byKey(provisioner)?.spec?.storageCapacity !== true) return true;
  const requested = requestedStorage(claim);
  for (const capacity of capacities.all()) {
    if (capacity.storageClassName !== metadata.name) continue;
    const limit = volumeLimit(capacity);
    if (limit === null || limit.compare(requested) < 0) continue;
    if (capacity.nodeTopology === undefined) continue;
    if (labelSelectorOf(capacity.nodeTopology).matches(node.metadata.labels)) return true;
  }
  return false;
}

/** How large a volume can be; null when there can be none. */
export function volumeLimit({ maximumVolumeSize, capacity }: CSIStorageCapacity): Quantity | null {
  const text = maximumVolumeSize ?? capacity;
  return text === undefined ? null : Quantity.fromJson(text);
}
