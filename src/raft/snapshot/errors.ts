/**
 * What can be wrong with a snapshot file. None is fatal: a snapshot that cannot be read is fetched or made again. A full
 * disk shows as DiskError `no-space`, and leaves no file behind.
 */

/** The file is not, or not wholly, what was written. */
export class SnapshotCorruptError extends Error {
  override readonly name = 'SnapshotCorruptError';
  readonly code = 'snapshot-corrupt';

  constructor(path: string, offset: number, detail: string) {
    super(
      `snapshot file ${path} is damaged at offset ${offset}: ${detail}; it is to be made or fetched again`,
    );
  }
}

/** The file is another cluster's: the wrong data directory was given. */
export class SnapshotIdentityError extends Error {
  override readonly name = 'SnapshotIdentityError';
  readonly code = 'snapshot-wrong-cluster';

  constructor(path: string, ids: { readonly found: string; readonly expected: string }) {
    super(
      `snapshot file ${path} belongs to cluster ${ids.found}, not to ${ids.expected}: ` +
        'start with the data directory of this member, or with an empty one for a new member',
    );
  }
}

/** No complete snapshot of that index and term is here. */
export class SnapshotAbsentError extends Error {
  override readonly name = 'SnapshotAbsentError';
  readonly code = 'snapshot-absent';

  constructor(path: string) {
    super(`there is no snapshot file ${path}`);
  }
}
