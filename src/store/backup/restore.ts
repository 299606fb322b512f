import { type MemberId, memberId } from '../../base/ids.js';
import { MemberRecord } from '../../wire/gen/store.js';
import { computeClusterId, computeMemberId } from '../member/member-ids.js';
import { BoltReader } from './bolt-reader.js';
import { EtcdDataError } from './errors.js';
import { readEtcdContent } from './etcd-content.js';
import { type MemberPlace, makeMember } from './new-member.js';
import { checkDigest, type SnapshotFile } from './snapshot-file.js';

/** The cluster that is to begin with a snapshot, and which of its members is made. */
export interface RestoreOptions {
  readonly name: string;
  /** Peer URLs by name; `name` is among them. */
  readonly initialCluster: ReadonlyMap<string, readonly string[]>;
  readonly clusterToken: string;
  /** Takes a file without a checksum, as one copied from a data directory. */
  readonly skipHashCheck: boolean;
  /** Raises the revision by so much and calls all before compacted, so that no client sees an old revision again; 0: does not. */
  readonly bumpRevision: number;
}

/**
 * A new cluster does not begin at entry 1, as one without data does: a member that was started without the snapshot by mistake is
 * behind, and fetches the state from the others.
 */
const position = { index: 2, term: 1 } as const;

/**
 * Makes a member's data directory of a snapshot. All members of a new cluster are made of the same one, each with its own name.
 * Resolves with the revision; rejects with EtcdDataError and DiskError.
 */
export async function restoreSnapshot(
  snapshot: SnapshotFile,
  place: MemberPlace,
  options: RestoreOptions,
): Promise<{ readonly revision: number }> {
  if (!options.skipHashCheck) await checkDigest(snapshot);
  const file = await BoltReader.open(snapshot);
  const content = await readEtcdContent(file);
  if (!file.names.includes('key')) {
    throw new EtcdDataError('format', 'the file is a database, but none of etcd: it has no keys');
  }
  const members = newMembers(options);
  const ids = members.map(({ id }) => memberId(id));
  const own = members.find(({ name }) => name === options.name);
  return makeMember(place, file, content, {
    identity: { clusterId: computeClusterId(ids), memberId: ownId(own), origin: 'new' },
    members,
    position,
    term: position.term,
    bumpRevision: options.bumpRevision,
  });
}

function newMembers({ initialCluster, clusterToken }: RestoreOptions): MemberRecord[] {
  return [...initialCluster].map(([name, urls]) =>
    MemberRecord.create({
      id: computeMemberId(urls, clusterToken, null),
      name,
      peerUrls: [...urls],
    }),
  );
}

function ownId(own: MemberRecord | undefined): MemberId {
  if (own !== undefined) return memberId(own.id);
  throw new EtcdDataError('format', 'the initial cluster does not name this member');
}
