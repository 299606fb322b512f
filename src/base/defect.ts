/**
 * Seeded defects: known ways to get consensus or storage wrong, each behind a flag that only tests can set. The simulator
 * must find every one of them (docs/internals/simulator.md has the table); that is the proof that it can fail.
 */
export const defects = [
  /** A vote is answered before it is durable. */
  'vote-before-durable',
  /** The leader commits an entry of an earlier term by counting replicas. */
  'commit-old-term-by-count',
  /** A follower truncates its log on every append, not only at the first conflict. */
  'truncate-always',
  /** ReadIndex is answered before the leader has committed in its term. */
  'read-before-term-commit',
  /** ReadIndex is answered without a heartbeat quorum. */
  'read-without-quorum',
  /** The leader counts itself before its own fsync. */
  'self-ack-before-durable',
  /** A follower acknowledges entries before they are durable. */
  'append-ack-before-durable',
  /** A follower takes the leader's commit index beyond what the message verified. */
  'commit-beyond-verified',
  /** A voter grants its vote to a candidate with an older log. */
  'vote-for-stale-log',
  /** In joint consensus only the incoming majority is asked. */
  'joint-ignores-outgoing',
  /** A fsync completion of an overwritten suffix is believed (ABA). */
  'stale-durable-accepted',
  /** The applied index is written apart from the data it belongs to. */
  'applied-apart-from-data',
  /** The database refers to a file of large values that is not durable yet. */
  'value-file-unsynced',
  /** A file of large values goes before it is durable that nothing refers to it. */
  'value-file-removed-early',
  /** The log is released although LevelDB has not synced the entries. */
  'log-released-before-synced',
  /** A torn or corrupt record is skipped in place of ending the log. */
  'wal-skips-bad-record',
  /** What a recycled segment's file held before passes for its own. */
  'wal-trusts-recycled',
  /** A forwarded proposal is proposed again although it may be committed. */
  'forward-retried-blindly',
  /** A lease expiry is applied although the lease was renewed in between. */
  'lease-expiry-unconditional',
  /** What a user may do is put together once, and used although users or roles have changed since. */
  'stale-permissions',
] as const;
/** Name of a seeded defect. */
export type Defect = (typeof defects)[number];

/** The production setting. */
export const noDefects: ReadonlySet<Defect> = new Set();
