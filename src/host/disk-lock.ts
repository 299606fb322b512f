import * as fs from 'node:fs';
import { DiskError } from '../base/disk.js';
import { toDiskError } from './disk-error.js';
import { askHolder, type HeldName, holdName } from './held-name.js';

/** A data directory that this process holds. */
export interface DataDirLock {
  /** Lets another process have it. */
  release(): Promise<void>;
}

/** Another living process holds the data directory. */
export class DataDirLockedError extends Error {
  override readonly name = 'DataDirLockedError';
  readonly code = 'data-dir-locked';

  constructor(dir: string, holder: string) {
    super(
      `data directory '${dir}' is in use by ${holder}: stop that process, or start this one with a directory of its own`,
    );
  }
}

/**
 * Holds a data directory, which must exist, for this process alone. Throws {@link DataDirLockedError} or DiskError.
 *
 * The name that is held is made of the directory's device and inode, so that every path to the directory leads to the same name. It is seen
 * within one network namespace; across containers that share a directory, and on systems without such names, LevelDB's own lock, taken a
 * moment later, refuses.
 */
export async function lockDataDir(dir: string): Promise<DataDirLock> {
  const name = nameOf(dir);
  const held = await holdName(name, `process ${process.pid}`).catch((error: unknown) => {
    throw toDiskError('lock', dir, error);
  });
  if (held === null)
    throw new DataDirLockedError(dir, (await askHolder(name)) || 'another process');
  return { release: () => release(held) };
}

function nameOf(dir: string): string {
  try {
    const { dev, ino } = fs.statSync(dir, { bigint: true });
    return `flotilla-data-dir-${dev}-${ino}`;
  } catch (error) {
    throw toDiskError('lock', dir, error);
  }
}

async function release(held: HeldName): Promise<void> {
  await held.release().catch((cause: unknown) => {
    throw new DiskError('io', 'cannot unlock the data directory', { cause });
  });
}
