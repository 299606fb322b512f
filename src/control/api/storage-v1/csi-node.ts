import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  invalidValue,
  required,
} from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { utf8Length } from '../../machinery/quote.js';
import { checkNonNegative, checkQualifiedName, type FieldErrors } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import { checkCsiDriverName } from '../core-v1/volumes/source-checks.js';
import type { CSINode, CSINodeDriver } from '../gen/storage-v1.js';
import { storageKind } from './storage-kind.js';

const path = fieldPath('spec', 'drivers');
const nodeIdMax = 256;

function validate({ spec }: CSINode): FieldError[] {
  const errors: FieldErrors = [];
  const names = new Set<string>();
  spec?.drivers?.forEach((driver, at) => {
    const { name = '' } = driver;
    checkDriver(driver, names.has(name), path.index(at), errors);
    names.add(name);
  });
  return errors;
}

function checkDriver(
  { name = '', nodeID = '', allocatable, topologyKeys = [] }: CSINodeDriver,
  isRepeated: boolean,
  driverPath: FieldPath,
  errors: FieldErrors,
): void {
  checkCsiDriverName(name, driverPath.child('name'), errors);
  const idPath = driverPath.child('nodeID');
  if (nodeID === '') errors.push(required(idPath, ''));
  if (utf8Length(nodeID) > nodeIdMax) {
    errors.push(invalidValue(idPath, nodeID, `must be ${nodeIdMax} characters or less`));
  }
  checkNonNegative(allocatable?.count, driverPath.child('allocatable', 'count'), errors);
  if (isRepeated) errors.push(duplicate(driverPath.child('name'), name));
  topologyKeys.forEach((key, at) => {
    if (key === '') errors.push(required(driverPath, ''));
    if (topologyKeys.indexOf(key) < at) errors.push(duplicate(driverPath, key));
    checkQualifiedName(key, driverPath, errors);
  });
}

/** What a driver says of a node stays, but for how many volumes it can have. */
function validateUpdate(node: CSINode, old: CSINode): FieldError[] {
  const errors = validate(node);
  for (const { allocatable: _before, ...before } of old.spec?.drivers ?? []) {
    for (const { allocatable: _, ...driver } of node.spec?.drivers ?? []) {
      if (driver.name === before.name) errors.push(...validateImmutable(driver, before, path));
    }
  }
  return errors;
}

/** The rules of CSINodes. */
export const csiNodeKind = storageKind<CSINode>('CSINode', {
  countsGeneration: false,
  validateCreate: validate,
  validateUpdate,
  table: {
    columns: [
      nameColumn,
      column('Drivers', 'How many drivers the node has.', { type: 'integer' }),
      ageColumn,
    ],
    cells: ({ metadata, spec }, nowMs) => [
      metadata.name ?? '',
      spec?.drivers?.length ?? 0,
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
