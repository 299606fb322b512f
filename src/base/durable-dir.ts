import type { Disk } from './disk.js';

/**
 * Makes a folder and its parents, durably: a file survives a power loss only with every folder above it. Also makes
 * durable what a process that died may have left done in the folder and not synced.
 */
export async function makeDurableDir(disk: Disk, dir: string): Promise<void> {
  await disk.makeDir(dir);
  for (let path = dir; path !== '.'; path = parentOf(path)) await disk.syncDir(path);
  await disk.syncDir('.');
}

function parentOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.slice(0, end);
}
