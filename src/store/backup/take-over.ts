import type { Disk } from '../../base/disk.js';
import { clusterId, formatId, memberId } from '../../base/ids.js';
import { BoltReader } from './bolt-reader.js';
import { EtcdDataError } from './errors.js';
import { type EtcdContent, readEtcdContent } from './etcd-content.js';
import { type EtcdLogSummary, readEtcdLog } from './etcd-log.js';
import { type MemberPlace, makeMember } from './new-member.js';

/** Where etcd has its database in a data directory, and its log unless it is apart. */
const databasePath = 'member/snap/db';
const logDir = 'member/wal';

/** Whether the data directory is one of etcd's. */
export function isEtcdDataDir(disk: Disk): Promise<boolean> {
  return disk.exists(databasePath);
}

/**
 * Makes a member of ours of the data directory of a member of etcd's that has stopped in good order, or that `etcdutl snapshot restore`
 * has made. It stays the same member of the same cluster, and etcd's files stay as they are. `log` says where etcd's log is.
 * Rejects with EtcdDataError, `unfinished` when the log goes further than the database: what is in it cannot be carried out here.
 */
export async function takeOverEtcdData(
  place: MemberPlace,
  log: { readonly disk: Disk; readonly dir: string } = { disk: place.disk, dir: logDir },
): Promise<{ readonly revision: number }> {
  const summary = await readEtcdLog(log.disk, log.dir);
  const database = await place.disk.open(databasePath, { create: false });
  try {
    const file = await BoltReader.open(database);
    const content = await readEtcdContent(file);
    checkFinished(summary, content);
    const { members } = content;
    return await makeMember(place, file, content, {
      identity: {
        clusterId: clusterId(summary.clusterId),
        memberId: memberId(summary.memberId),
        origin: 'existing',
      },
      members,
      position: { index: summary.lastIndex, term: summary.lastTerm },
      term: summary.term,
      bumpRevision: 0,
    });
  } finally {
    await database.close();
  }
}

/** What etcd has acknowledged is in its database when it has stopped in good order. */
function checkFinished(log: EtcdLogSummary, content: EtcdContent): void {
  const { appliedIndex, countsAllEntries, members } = content;
  const lastIndex = countsAllEntries ? log.lastChangeIndex : log.lastWriteIndex;
  if (appliedIndex > log.lastIndex) {
    throw new EtcdDataError(
      'damaged',
      "a part of etcd's log is missing: its database goes further",
    );
  }
  if (appliedIndex < lastIndex) {
    throw new EtcdDataError(
      'unfinished',
      `etcd's log ends with entry ${lastIndex}, its database with ${appliedIndex}: start etcd once more and stop ` +
        'it with SIGTERM while nobody writes, or restore a snapshot of it into an empty directory (flotilla ctl snapshot restore)',
    );
  }
  if (!members.some(({ id }) => id === log.memberId)) {
    const own = formatId(log.memberId);
    throw new EtcdDataError('damaged', `etcd's database does not know its own member ${own}`);
  }
}
