import * as fs from 'node:fs';
import { mkdir, open as openHandle, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { assert } from '../base/assert.js';
import type { Disk, DiskFile } from '../base/disk.js';
import { toDiskError } from './disk-error.js';
import { HostDiskFile } from './disk-file.js';

const fsOpen = promisify(fs.open) as (path: string, flags: string, mode: number) => Promise<number>;

/** What members keep is theirs alone: it holds every client's data. */
const fileMode = 0o600;
const folderMode = 0o700;

/** The machine's disk below `rootDir`, which need not exist yet. Folders are made readable by their owner alone. */
export function openHostDisk(rootDir: string): Disk {
  return new HostDisk(rootDir);
}

class HostDisk implements Disk {
  readonly #rootDir: string;

  constructor(rootDir: string) {
    this.#rootDir = rootDir;
  }

  open(path: string, { create }: { create: boolean }): Promise<DiskFile> {
    return this.#run(create ? 'create' : 'open', path, async (full) => {
      return new HostDiskFile(path, await fsOpen(full, create ? 'wx+' : 'r+', fileMode));
    });
  }

  exists(path: string): Promise<boolean> {
    return this.#run('look for', path, async (full) => {
      return (await absentAs(null, stat(full))) !== null;
    });
  }

  readNow(path: string, position: number, length: number): Uint8Array {
    try {
      return readPart(this.#resolve(path), position, length);
    } catch (error) {
      throw toDiskError('read', path, error);
    }
  }

  list(dir: string): Promise<string[]> {
    return this.#run('list', dir, async (full) => (await absentAs([], readdir(full))).sort());
  }

  makeDir(dir: string): Promise<void> {
    return this.#run('make folder', dir, async (full) => {
      const missing = await missingFolders(full);
      for (const folder of missing) await mkdir(folder, { mode: folderMode }).catch(ignoreExisting);
      if (missing.length === 0 && !(await stat(full)).isDirectory()) await mkdir(full);
      const firstMade = missing[0];
      if (firstMade !== undefined) await this.#syncAbove(firstMade);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#run('rename', from, (full) => rename(full, this.#resolve(to)));
  }

  remove(path: string): Promise<void> {
    return this.#run('remove', path, (full) => rm(full, { recursive: true, force: true }));
  }

  syncDir(dir: string): Promise<void> {
    return this.#run('sync folder', dir, syncFolder);
  }

  /** What was made above the root, and the root itself, can be synced by nobody else. */
  async #syncAbove(firstMade: string): Promise<void> {
    const root = resolve(this.#rootDir);
    const topmost = dirname(resolve(firstMade));
    for (let path = root; path !== topmost && path.startsWith(topmost); ) {
      path = dirname(path);
      await syncFolder(path);
    }
  }

  async #run<T>(action: string, path: string, operation: (full: string) => Promise<T>): Promise<T> {
    const full = this.#resolve(path);
    try {
      return await operation(full);
    } catch (error) {
      throw toDiskError(action, path, error);
    }
  }

  #resolve(path: string): string {
    assert(!path.startsWith('/'), `path '${path}' is not relative to the disk's root`);
    assert(!path.split('/').includes('..'), `path '${path}' leaves the disk`);
    return join(this.#rootDir, path);
  }
}

function readPart(full: string, position: number, length: number): Uint8Array {
  const fd = fs.openSync(full, 'r');
  try {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = fs.readSync(fd, bytes, done, length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  } finally {
    fs.closeSync(fd);
  }
}

async function syncFolder(full: string): Promise<void> {
  const handle = await openHandle(full, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function absentAs<T, U>(value: U, operation: Promise<T>): Promise<T | U> {
  try {
    return await operation;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return value;
    throw error;
  }
}

/** Those of the folder and its parents that are absent, outermost first. (Node's recursive mkdir never ends under /proc.) */
async function missingFolders(full: string): Promise<string[]> {
  const missing: string[] = [];
  for (let folder = full; !(await isThere(folder)); folder = dirname(folder)) {
    missing.unshift(folder);
  }
  return missing;
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Somebody else made the same folder meanwhile. */
function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
