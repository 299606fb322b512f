import { lstat, readFile, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const linksMax = 40;

/** Reads a text file as a process would whose root directory is `root`: no link leads out of it. Null when it is not there. */
export async function readTextInside(root: string, path: string): Promise<string | null> {
  const found = await resolveInside(root, path);
  if (found === null) return null;
  try {
    return await readFile(join(root, found), 'utf8');
  } catch {
    return null;
  }
}

/** Where a path leads within a root, links followed as within it; null when something on the way is absent or there are too many links. */
export async function resolveInside(root: string, path: string): Promise<string | null> {
  let resolved = '/';
  let links = 0;
  const pending = path.split('/').reverse();
  for (;;) {
    const name = pending.pop();
    if (name === undefined) return resolved;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      resolved = dirname(resolved);
      continue;
    }
    const next = join(resolved, name);
    const facts = await lstat(join(root, next)).catch(() => null);
    if (facts === null) return null;
    if (!facts.isSymbolicLink()) {
      resolved = next;
      continue;
    }
    links += 1;
    if (links > linksMax) return null;
    const target = await readlink(join(root, next));
    if (target.startsWith('/')) resolved = '/';
    pending.push(...target.split('/').reverse());
  }
}
