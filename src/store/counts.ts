/**
 * What a member's store has done since it was opened, for its metrics. Plain numbers: they cost next to nothing where they are
 * counted. Nothing that is replicated depends on them.
 */
export class StoreCounts {
  /** Operations of mvcc, each on its own or within a txn; a range that is deleted counts once, whatever the keys in it. */
  puts = 0;
  deletes = 0;
  ranges = 0;
  /** Commands and reads of more than one operation. */
  txns = 0;
  leasesGranted = 0;
  /** Expired ones among them. */
  leasesRevoked = 0;
  leasesExpired = 0;
  leasesRenewed = 0;

  /** Accounts for the operations of one command. */
  addOperations({ puts, deletes, ranges }: Operations): void {
    this.puts += puts;
    this.deletes += deletes;
    this.ranges += ranges;
    if (puts + deletes + ranges > 1) this.txns++;
  }
}

/** How many operations of each kind. */
export interface Operations {
  readonly puts: number;
  readonly deletes: number;
  readonly ranges: number;
}
