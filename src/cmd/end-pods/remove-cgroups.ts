import { readdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const base = '/sys/fs/cgroup';

/** Removes a node's groups of the kernel, in all hierarchies, and those above it that are empty then; those that somebody is still in stay. */
export async function removeCgroups(root: string): Promise<void> {
  if (root === '' || root === '/') return;
  const hierarchies = await readdir(base).catch(() => []);
  for (const hierarchy of ['', ...hierarchies]) {
    const top = join(base, hierarchy);
    await removeTree(join(top, root));
    // Groups above may be those of other nodes too: then they are not empty.
    for (let above = dirname(join(top, root)); above.length > top.length; above = dirname(above))
      await rmdir(above).catch(() => {}); // In use.
  }
}

/** Folders alone: their files are the kernel's, and go with them. */
async function removeTree(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(path, entry.name));
  await rmdir(path).catch(() => {}); // Absent, or in use.
}
