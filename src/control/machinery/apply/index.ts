export { applyServerSide, type ServerSideApply } from './apply-server-side.js';
export { withoutManagedFields } from './bare-object.js';
export { FieldSet, noFields } from './field-set.js';
export { keepTimesOfUnchanged } from './keep-times.js';
export { managedFieldsText } from './managed-fields-text.js';
export { fieldElement } from './path-element.js';
export {
  managedFieldsFromScale,
  managedFieldsToScale,
  type ReplicasPaths,
} from './scale-fields.js';
export { cloneObject, shareManagedFields } from './shared-fields.js';
export { type TrackedUpdate, trackUpdate } from './track-update.js';
export type { VersionedKind } from './versions.js';
