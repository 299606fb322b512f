/** The log is gone while the state is there: votes and acknowledged entries may be lost, so the member must not take part. */
export class LogMissingError extends Error {
  override readonly name = 'LogMissingError';
  constructor(walDir: string) {
    super(
      `the write-ahead log in ${walDir} is missing although the database has data: this member may have forgotten votes. ` +
        'Restore the folder, or remove this member from the cluster and add it again with an empty data directory (docs/operations.md).',
    );
  }
}

/** A member cannot go on alone (--force-new-cluster). */
export class SoleMemberError extends Error {
  override readonly name = 'SoleMemberError';
}
