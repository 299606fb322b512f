import { openHostDisk } from '../../host/disk.js';
import { lockDataDir } from '../../host/disk-lock.js';
import { openReadableFile } from '../../host/readable-file.js';
import { DataDirError, restoreSnapshot } from '../../store/index.js';
import { UsageError } from '../usage-error.js';
import { memberPlace } from './member-place.js';
import { parseMembers, parseUrls } from './settings.js';

/** What `snapshot restore` is told. */
export interface RestoreFlags {
  readonly dataDir: string;
  readonly walDir: string;
  readonly name: string;
  readonly initialCluster: string;
  readonly initialClusterToken: string;
  readonly initialAdvertisePeerUrls: string;
  readonly skipHashCheck?: boolean;
  readonly bumpRevision: number;
  readonly markCompacted?: boolean;
}

/**
 * Makes the data directory of a member of a new cluster of a snapshot. Rejects with UsageError, DataDirError when the folder is not
 * empty, EtcdDataError and DiskError.
 */
export async function restoreMember(
  path: string,
  flags: RestoreFlags,
): Promise<{ readonly dataDir: string; readonly revision: number }> {
  const { name, walDir, bumpRevision } = flags;
  if (bumpRevision > 0 !== (flags.markCompacted === true)) {
    throw new UsageError('--mark-compacted required if --bump-revision > 0, and only then');
  }
  const peerUrls = parseUrls('initial-advertise-peer-urls', flags.initialAdvertisePeerUrls);
  const initialCluster = parseMembers(name, flags.initialCluster, peerUrls);
  const dataDir = flags.dataDir === '' ? `${name}.etcd` : flags.dataDir;
  const snapshot = await openReadableFile(path);
  try {
    await refuseUsed('data-dir', dataDir);
    if (walDir !== '') await refuseUsed('wal-dir', walDir);
    await openHostDisk(dataDir).makeDir('.');
    const lock = await lockDataDir(dataDir);
    try {
      const { revision } = await restoreSnapshot(snapshot, memberPlace(dataDir, walDir), {
        name,
        initialCluster,
        clusterToken: flags.initialClusterToken,
        skipHashCheck: flags.skipHashCheck === true,
        bumpRevision,
      });
      return { dataDir, revision };
    } finally {
      await lock.release();
    }
  } finally {
    await snapshot.close();
  }
}

async function refuseUsed(flag: string, dir: string): Promise<void> {
  const names = await openHostDisk(dir).list('.');
  if (names.length > 0) throw new DataDirError(`${flag} "${dir}" not empty or could not be read`);
}
