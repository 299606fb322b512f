import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';

let temporaryCount = 0;

/** The text of a file, or null when there is none. Rejects with the operating system's error otherwise. */
export async function readTextIfPresent(path: string): Promise<string | null> {
  return absentAs(null, fs.readFile(path, 'utf8'));
}

/** Puts `text` in place of what the file was, in one step; directories above it are made. A reader sees the old or the new. */
export async function writeTextAtomically(path: string, text: string, mode = 0o600): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true });
  temporaryCount += 1;
  const temporary = `${path}.${process.pid}.${temporaryCount}.tmp`;
  try {
    await fs.writeFile(temporary, text, { mode });
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
}

/** Makes a directory and those above it. One that is there keeps its mode. */
export async function makeDirectory(path: string, mode = 0o755): Promise<void> {
  await fs.mkdir(path, { recursive: true, mode });
}

/** Makes a file with this content, unless one of the name is there: then false. */
export async function createFile(path: string, text: string): Promise<boolean> {
  try {
    await fs.writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The names in a directory, in order; none when it is absent. */
export async function listNames(path: string): Promise<string[]> {
  return (await absentAs<string[], string[]>([], fs.readdir(path))).sort();
}

/** Removes a file or a whole tree; what is absent is no error. Links are removed, not followed. */
export async function removeTree(path: string): Promise<void> {
  await fs.rm(path, { recursive: true, force: true, maxRetries: 2 });
}

/** Gives a file a new name, in place of what has it. */
export async function renameFile(from: string, to: string): Promise<void> {
  await fs.rename(from, to);
}

/** What a path is, links followed. */
export interface FileFacts {
  readonly isDirectory: boolean;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** Null when nothing is there. */
export async function fileFacts(path: string): Promise<FileFacts | null> {
  const facts = await absentAs(null, fs.stat(path));
  if (facts === null) return null;
  return {
    isDirectory: facts.isDirectory(),
    sizeBytes: facts.size,
    modifiedAtMs: facts.mtimeMs,
  };
}

/** Whether something is mounted, or bound, at a path. */
export async function isMountPoint(path: string): Promise<boolean> {
  const [here, above] = await Promise.all(
    [path, dirname(path)].map((each) => absentAs(null, fs.stat(each))),
  );
  return here != null && here.dev !== above?.dev;
}

/** Where a link leads, or null when the path is no link or absent. */
export async function readLink(path: string): Promise<string | null> {
  try {
    return await fs.readlink(path);
  } catch {
    return null;
  }
}

/** What is under a directory: bytes on disk, and files with directories. */
export interface TreeSize {
  readonly bytes: number;
  readonly count: number;
}

/** The size of a directory, links not followed, but for one name in it; what goes away meanwhile is not counted. */
export async function treeSize(
  path: string,
  { except }: { readonly except?: string } = {},
): Promise<TreeSize> {
  const total = { bytes: 0, count: 0 };
  for (const name of await listNames(path).catch(() => [])) {
    if (name === except) continue;
    const entry = `${path}/${name}`;
    const facts = await fs.lstat(entry).catch(() => null);
    if (facts === null) continue;
    total.bytes += facts.blocks * 512;
    total.count += 1;
    if (!facts.isDirectory()) continue;
    const inner = await treeSize(entry);
    total.bytes += inner.bytes;
    total.count += inner.count;
  }
  return total;
}

/** What an operation on a path gives, or `value` when nothing is there. Rejects with the operating system's error otherwise. */
export async function absentAs<T, U>(value: U, operation: Promise<T>): Promise<T | U> {
  try {
    return await operation;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // Of files in /proc, the last says that their process is gone.
    if (['ENOENT', 'ENOTDIR', 'ESRCH'].includes(code)) return value;
    throw error;
  }
}
