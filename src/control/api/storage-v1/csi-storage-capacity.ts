import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue } from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { validateLabelSelector } from '../../machinery/label-selector.js';
import { quantityOf } from '../core-v1/amounts.js';
import { checkDnsSubdomain, type FieldErrors } from '../core-v1/field-checks.js';
import { column, nameColumn } from '../core-v1/pod-spec.js';
import type { CSIStorageCapacity } from '../gen/storage-v1.js';
import { storageKind } from './storage-kind.js';

const classPath = fieldPath('storageClassName');
const topologyPath = fieldPath('nodeTopology');

function validate({ nodeTopology, storageClassName = '', capacity }: CSIStorageCapacity) {
  const errors: FieldErrors = [...validateLabelSelector(nodeTopology, topologyPath)];
  checkDnsSubdomain(storageClassName, classPath, errors);
  const amount = quantityOf(capacity);
  if (amount.sign < 0) {
    const text = 'must be greater than or equal to 0';
    errors.push(invalidValue(fieldPath('capacity'), amount.toString(), text));
  }
  return errors;
}

/** What the capacity is of stays. */
function validateUpdate(object: CSIStorageCapacity, old: CSIStorageCapacity): FieldError[] {
  return [
    ...validateImmutable(object.nodeTopology, old.nodeTopology, topologyPath),
    ...validateImmutable(object.storageClassName ?? '', old.storageClassName ?? '', classPath),
  ];
}

/** The rules of CSIStorageCapacities. */
export const csiStorageCapacityKind = storageKind<CSIStorageCapacity>('CSIStorageCapacity', {
  countsGeneration: false,
  validateCreate: validate,
  validateUpdate,
  table: {
    columns: [
      nameColumn,
      column('StorageClassName', 'The class of the volumes.'),
      column('Capacity', 'How much there is.'),
    ],
    cells: ({ metadata, storageClassName, capacity }) => [
      metadata.name ?? '',
      storageClassName ?? '',
      capacity ?? '<unset>',
    ],
  },
});
