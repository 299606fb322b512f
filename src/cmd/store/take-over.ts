import type { Logger } from '../../base/logger.js';
import { openHostDisk } from '../../host/disk.js';
import { DataDirError, isEtcdDataDir, readIdentity, takeOverEtcdData } from '../../store/index.js';
import { memberPlace, place } from './member-place.js';
import type { StoreSettings } from './settings.js';

/**
 * Where the data directory is one of etcd's, and no member of ours has started in it yet, makes it one of ours; etcd's own files stay
 * where they are. Rejects with EtcdDataError when that cannot be done.
 */
export async function maybeTakeOver(
  { dataDir, walDir }: Pick<StoreSettings, 'dataDir' | 'walDir'>,
  logger: Logger,
): Promise<void> {
  const disk = openHostDisk(dataDir);
  if ((await readIdentity(disk)) !== undefined || !(await isEtcdDataDir(disk))) return;
  if (walDir !== '') {
    throw new DataDirError(
      `data directory ${dataDir} holds etcd's data, which is taken over only where the log is in it too: move etcd's log to ` +
        `${dataDir}/member/wal and leave --wal-dir out`,
    );
  }
  logger.info("taking over etcd's data", { dataDir });
  // What an attempt that was broken off has left.
  for (const name of Object.values(place)) await disk.remove(name);
  const { revision } = await takeOverEtcdData(memberPlace(dataDir, walDir));
  logger.info("etcd's data were taken over", { dataDir, revision });
}
