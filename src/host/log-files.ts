import { watch } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';

/** A file that somebody else writes. */
export interface LogFile {
  /** Which file it is, whatever its name is by now. */
  readonly inode: number;
  /** Bytes that it has now. Rejects with the operating system's error. */
  size(): Promise<number>;
  /** Up to `length` bytes from a place on; none at its end. */
  read(position: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Something in a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Log files of a machine. Unless said otherwise everything rejects with the operating system's error. */
export interface LogFiles {
  /** Null: it is not there. */
  open(path: string): Promise<LogFile | null>;
  /** The file that has the name now; null: none has. */
  inodeOf(path: string): Promise<number | null>;
  /** What is in a folder, by name; null: it is none. */
  list(path: string): Promise<readonly FolderEntry[] | null>;
  /** Where a path leads, links followed; null: nowhere. */
  realPath(path: string): Promise<string | null>;
  /** Calls back when something in a folder may have changed, until it is closed. Where that cannot be had it never does. */
  watchFolder(path: string, onChange: () => void): { close(): void };
}

/** The machine's own. */
export const hostLogFiles: LogFiles = {
  async open(path) {
    const handle = await unlessAbsent(open(path, 'r'));
    if (handle === null) return null;
    const { ino } = await handle.stat();
    return new HostLogFile(handle, ino);
  },
  async inodeOf(path) {
    return (await unlessAbsent(stat(path)))?.ino ?? null;
  },
  async list(path) {
    const entries = await unlessAbsent(readdir(path, { withFileTypes: true }));
    if (entries === null) return null;
    return entries
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  },
  realPath: (path) => unlessAbsent(realpath(path)),
  watchFolder(path, onChange) {
    try {
      const watcher = watch(path, { persistent: false }, onChange);
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return { close() {} };
    }
  },
};

class HostLogFile implements LogFile {
  readonly inode: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, inode: number) {
    this.#handle = handle;
    this.inode = inode;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(position: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#handle.read(
      Buffer.allocUnsafe(length),
      0,
      length,
      position,
    );
    return buffer.subarray(0, bytesRead);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function unlessAbsent<T>(operation: Promise<T>): Promise<T | null> {
  try {
    return await operation;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
