import type { Disk } from '../../base/disk.js';
import { BoltFile } from './bolt-file.js';
import { type BackupSource, etcdBuckets } from './etcd-buckets.js';

/** A file of etcd's with a member's state. Whoever has it reads and closes it; nobody else sees it. */
export interface Backup {
  readonly sizeBytes: number;
  /** Up to `length` bytes at `position`; fewer only at the end. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Removes the file. */
  close(): Promise<void>;
}

/** Beginning of the names of such files: those of a process that was killed are removed by the next. */
const prefix = 'backup-';

/** Writes a backup to a new file on the disk, named after `id`. */
export async function makeBackup(disk: Disk, id: string, source: BackupSource): Promise<Backup> {
  const path = `${prefix}${id}.tmp`;
  const file = await disk.open(path, { create: true });
  const close = async () => {
    await file.close();
    await disk.remove(path);
  };
  try {
    const bolt = new BoltFile(file);
    for (const [name, entries] of etcdBuckets(source)) await bolt.addBucket(name, entries);
    const sizeBytes = await bolt.finish();
    return { sizeBytes, read: (position, length) => file.read(position, length), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Removes what a process left that was killed while it made a backup. */
export async function removeBackups(disk: Disk): Promise<void> {
  for (const name of await disk.list('.')) if (name.startsWith(prefix)) await disk.remove(name);
}
