/**
 * Why a write-ahead log could not be opened. All are operating errors: the member does not start, and its operator
 * decides. Errors of the disk itself pass through as DiskError.
 */

/** What to do about a log that lost data which may have been acknowledged. */
const rejoinAdvice =
  'this member may have lost data that it had acknowledged: remove it from the cluster and add it again with an empty ' +
  'data directory, so that it gets everything from its peers (docs/operations.md)';

/** Stable names of what is wrong with a log. */
export type WalCorruptionReason =
  | 'bad-record-before-valid'
  | 'bad-record-in-sealed-segment'
  | 'bad-segment-header'
  | 'bad-segment-name'
  | 'missing-segment'
  | 'chain-broken'
  | 'state-mismatch'
  | 'bad-content';

/** The log is damaged in a place that was durable. It is never repaired by cutting: acknowledged data may be gone. */
export class WalCorruptionError extends Error {
  override readonly name = 'WalCorruptionError';
  readonly code = 'wal-corruption';
  readonly reason: WalCorruptionReason;
  /** File within the disk. */
  readonly path: string;
  /** Byte offset in the file of the damage. */
  readonly offset: number;

  constructor(
    at: {
      readonly reason: WalCorruptionReason;
      readonly path: string;
      readonly offset: number;
      readonly detail: string;
    },
    options?: ErrorOptions,
  ) {
    super(
      `write-ahead log is corrupt at ${at.path} offset ${at.offset}: ${at.detail}; ${rejoinAdvice}`,
      options,
    );
    this.reason = at.reason;
    this.path = at.path;
    this.offset = at.offset;
  }
}

/** The log belongs to another cluster or another member: the wrong data directory was given. */
export class WalIdentityError extends Error {
  override readonly name = 'WalIdentityError';
  readonly code: 'wal-wrong-cluster' | 'wal-wrong-member';

  constructor(
    code: 'wal-wrong-cluster' | 'wal-wrong-member',
    at: { readonly path: string; readonly found: string; readonly expected: string },
  ) {
    const whose = code === 'wal-wrong-cluster' ? 'cluster' : 'member';
    super(
      `write-ahead log ${at.path} belongs to ${whose} ${at.found}, not to ${at.expected}: ` +
        'start with the data directory of this member, or with an empty one for a new member',
    );
    this.code = code;
  }
}

/** The log was written by a version of this program whose format this one does not read. */
export class WalVersionError extends Error {
  override readonly name = 'WalVersionError';
  readonly code = 'wal-unknown-version';

  constructor(path: string, version: number) {
    super(
      `write-ahead log ${path} has format version ${version}, which this program does not read: start the version that wrote it`,
    );
  }
}

/** The log failed before or was closed, and takes nothing more. */
export class WalClosedError extends Error {
  override readonly name = 'WalClosedError';
  readonly code = 'wal-closed';
}

/** Bytes that are not an encoded list of entries. */
export class MalformedEntriesError extends Error {
  override readonly name = 'MalformedEntriesError';
  readonly code = 'malformed-entries';
}
