/** Snapshot files: written, kept, sent and received. */
export { SnapshotAbsentError, SnapshotCorruptError, SnapshotIdentityError } from './errors.js';
export { type SnapshotPosition, snapshotName } from './snapshot-name.js';
export { SnapshotReceiver } from './snapshot-receiver.js';
export { type SnapshotIntake, SnapshotStore, type SnapshotStoreOptions } from './snapshot-store.js';
