import type { Disk } from '../../base/disk.js';
import { noMember } from '../../base/ids.js';
import type { OrderedDbHome } from '../../base/ordered-db.js';
import { WriteAheadLogFile } from '../../raft/wal/index.js';
import { type StoredIdentity, writeIdentity } from '../member/identity-file.js';
import { confOf } from '../member/initial-conf.js';
import type { BoltReader } from './bolt-reader.js';
import type { EtcdContent } from './etcd-content.js';
import { fillDatabase, type NewMemberData } from './member-data.js';

/** Where a member's data go. */
export interface MemberPlace {
  readonly disk: Disk;
  readonly walDisk: Disk;
  /** Folder of the log on its disk. */
  readonly walDir: string;
  readonly db: OrderedDbHome;
}

/** A member that is made of data of etcd's. */
export interface NewMember extends Omit<NewMemberData, 'clusterId'> {
  readonly identity: StoredIdentity;
  /** No vote was given in a higher one. */
  readonly term: number;
}

/**
 * Makes a member's data directory: database, log, and at last the file that says whose it is, without which no member starts in it.
 * Resolves with the revision. Rejects with EtcdDataError and DiskError.
 */
export async function makeMember(
  place: MemberPlace,
  file: BoltReader,
  content: EtcdContent,
  member: NewMember,
): Promise<{ readonly revision: number }> {
  const { clusterId } = member.identity;
  await place.disk.makeDir('.');
  const db = await place.db.openCurrent();
  let filled: { readonly revision: number };
  try {
    filled = await fillDatabase(db, file, content, { ...member, clusterId });
  } finally {
    await db.close();
  }
  await beginLog(place, member);
  await writeIdentity(place.disk, member.identity);
  return filled;
}

/** A log that begins after the data. */
async function beginLog(
  { walDisk, walDir }: MemberPlace,
  { identity, members, position, term }: NewMember,
): Promise<void> {
  const { clusterId, memberId } = identity;
  let onDurable = () => {};
  let onFailure: (error: Error) => void = () => {};
  const { wal } = await WriteAheadLogFile.open({
    disk: walDisk,
    dir: walDir,
    clusterId,
    memberId,
    onDurable: () => onDurable(),
    onFailure: (error) => onFailure(error),
  });
  await new Promise<void>((resolve, reject) => {
    onDurable = resolve;
    onFailure = reject;
    wal.append({
      sequence: 0,
      entries: [],
      hardState: { term: Math.max(term, position.term), vote: noMember, commit: position.index },
      snapshot: { ...position, conf: confOf(members) },
    });
  });
  await wal.close();
}
