import { chmod, lstat, open, rename, rm, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand, runToSuccess } from './command.js';
import {
  absentAs,
  listNames,
  makeDirectory,
  readLink,
  readTextIfPresent,
  removeTree,
  renameFile,
  treeSize,
} from './state-files.js';

/** What a path names, links followed. */
export type PathKind = 'file' | 'directory' | 'socket' | 'char-device' | 'block-device' | 'other';

/** A file system, and how full it is. */
export interface FileSystemSpace {
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly usedBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

/**
 * The files of a machine as a node agent works with them. Paths are absolute. Unless said otherwise everything rejects with the operating
 * system's error, which names the path.
 */
export interface NodeFiles {
  /** Null: it is not there. */
  readText(path: string): Promise<string | null>;
  /** The last bytes of a file, as many as there are up to `bytesMax`; null: it is not there. */
  readTail(path: string, bytesMax: number): Promise<Uint8Array | null>;
  /** Replaces a file as a whole: readers see the old or the new one. Its folder must be there. */
  writeWhole(path: string, content: Uint8Array, mode: number): Promise<void>;
  /** Makes a folder and its parents; one that is there keeps its mode. */
  makeDir(path: string, mode: number): Promise<void>;
  /** Names in a folder, sorted; none when it is absent. */
  list(path: string): Promise<readonly string[]>;
  /** Null: nothing is there. */
  kindOf(path: string): Promise<PathKind | null>;
  /** Bytes of a file; 0 when it is absent. */
  sizeOf(path: string): Promise<number>;
  /** Removes a file, a link, or a folder with all in it but not what is mounted there; a no-op when absent. */
  remove(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes the link `path` point to `target` in one step, whatever it was before. */
  replaceLink(path: string, target: string): Promise<void>;
  /** Where a link points to; null: there is none. */
  linkTarget(path: string): Promise<string | null>;
  setMode(path: string, mode: number): Promise<void>;
  /**
   * Gives a tree to a group that may read and enter it, and write where `isWritable`, and what is made in it later too. Without the
   * right to: rejects.
   */
  giveToGroup(path: string, gid: number, isWritable: boolean): Promise<void>;
  /** The space of the file system that a path is on. */
  spaceOf(path: string): Promise<FileSystemSpace>;
  /** Bytes and files in a tree. */
  usageOf(path: string): Promise<{ readonly bytes: number; readonly inodes: number }>;
  /** Mounts memory. False: this process may not. */
  mountMemory(path: string, sizeBytes: number | null): Promise<boolean>;
  /** Unmounts it if something is mounted there. */
  unmount(path: string): Promise<void>;
}

/** The machine's own files. */
export const hostNodeFiles: NodeFiles = {
  readText: readTextIfPresent,
  readTail,
  writeWhole,
  makeDir: makeDirectory,
  list: listNames,
  kindOf,
  sizeOf: async (path) => (await absentAs(null, stat(path)))?.size ?? 0,
  remove: removeTree,
  rename: renameFile,
  async replaceLink(path, target) {
    const temporary = `${path}.new`;
    await rm(temporary, { force: true });
    await symlink(target, temporary);
    await rename(temporary, path);
  },
  linkTarget: readLink,
  setMode: chmod,
  async giveToGroup(path, gid, isWritable) {
    await runToSuccess(runCommand, { command: 'chgrp', args: ['-R', '-h', String(gid), path] });
    const mode = isWritable ? 'g+rwX' : 'g+rX';
    await runToSuccess(runCommand, { command: 'chmod', args: ['-R', mode, path] });
    await runToSuccess(runCommand, {
      command: 'find',
      args: [path, '-type', 'd', '-exec', 'chmod', 'g+s', '{}', '+'],
    });
  },
  spaceOf,
  usageOf,
  async mountMemory(path, sizeBytes) {
    if (process.getuid?.() !== 0) return false;
    const options = sizeBytes === null ? [] : ['-o', `size=${sizeBytes}`];
    return runToSuccess(runCommand, {
      command: 'mount',
      args: ['-t', 'tmpfs', ...options, 'tmpfs', path],
    }).then(
      () => true,
      () => false,
    );
  },
  async unmount(path) {
    const mounts = (await readTextIfPresent('/proc/self/mountinfo')) ?? '';
    const isMounted = mounts.split('\n').some((line) => line.split(' ')[4] === path);
    if (isMounted) await runToSuccess(runCommand, { command: 'umount', args: [path] });
  },
};

async function readTail(path: string, bytesMax: number): Promise<Uint8Array | null> {
  const file = await absentAs(null, open(path, 'r'));
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytesMax);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function writeWhole(path: string, content: Uint8Array, mode: number): Promise<void> {
  const temporary = join(dirname(path), `.new-${process.pid}-${path.split('/').at(-1)}`);
  await writeFile(temporary, content, { mode });
  // What the process masks out of new files is wanted all the same.
  await chmod(temporary, mode);
  await rename(temporary, path);
}

async function kindOf(path: string): Promise<PathKind | null> {
  const found = await absentAs(null, stat(path));
  if (found === null) return null;
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'directory';
  if (found.isSocket()) return 'socket';
  if (found.isCharacterDevice()) return 'char-device';
  return found.isBlockDevice() ? 'block-device' : 'other';
}

async function spaceOf(path: string): Promise<FileSystemSpace> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
  return {
    capacityBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodes: files,
    inodesFree: ffree,
  };
}

async function usageOf(path: string): Promise<{ bytes: number; inodes: number }> {
  const own = await absentAs(null, lstat(path));
  if (own === null) return { bytes: 0, inodes: 0 };
  const below = own.isDirectory() ? await treeSize(path) : { bytes: 0, count: 0 };
  return { bytes: own.blocks * 512 + below.bytes, inodes: 1 + below.count };
}
