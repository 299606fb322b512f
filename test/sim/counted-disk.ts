import type { Disk, DiskFile } from '../../src/base/disk.js';

/** Calls `onAction` before everything that changes the disk, so that a process can die between any two of its actions. */
export function countedDisk(disk: Disk, onAction: () => void): Disk {
  const before = <T>(action: () => T): T => {
    onAction();
    return action();
  };
  return {
    open: async (path, options) => {
      onAction();
      return countedFile(await disk.open(path, options), onAction);
    },
    exists: (path) => disk.exists(path),
    readNow: (path, position, length) => disk.readNow(path, position, length),
    list: (dir) => disk.list(dir),
    makeDir: (dir) => before(() => disk.makeDir(dir)),
    rename: (from, to) => before(() => disk.rename(from, to)),
    remove: (path) => before(() => disk.remove(path)),
    syncDir: (dir) => before(() => disk.syncDir(dir)),
  };
}

function countedFile(file: DiskFile, onAction: () => void): DiskFile {
  return {
    path: file.path,
    size: () => file.size(),
    read: (position, length) => file.read(position, length),
    write: (position, chunks) => {
      onAction();
      file.write(position, chunks);
    },
    sync: () => {
      onAction();
      return file.sync();
    },
    syncBlocking: () => {
      onAction();
      return file.syncBlocking();
    },
    allocate: (size) => {
      onAction();
      return file.allocate(size);
    },
    truncate: (size) => {
      onAction();
      return file.truncate(size);
    },
    close: () => file.close(),
  };
}
