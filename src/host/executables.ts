import { chmod, copyFile, readFile, realpath, writeFile } from 'node:fs/promises';

/** Copies a program or library, links followed, so that everyone may run it. */
export async function copyExecutable(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await chmod(to, 0o755);
}

/** Replaces text in a binary by text that is no longer, wherever it occurs; the rest is filled with zero bytes. */
export async function patchFile(path: string, from: string, to: string): Promise<void> {
  const bytes = await readFile(path);
  const replacement = Buffer.alloc(Buffer.byteLength(from));
  if (replacement.write(to) !== Buffer.byteLength(to)) {
    throw new RangeError(`'${to}' is longer than '${from}'`);
  }
  for (let at = bytes.indexOf(from); at !== -1; at = bytes.indexOf(from, at)) {
    replacement.copy(bytes, at);
  }
  await writeFile(path, bytes);
}

/** A path free of links and dots, or null when nothing is there. */
export async function realPath(path: string): Promise<string | null> {
  return realpath(path).catch(() => null);
}
