import { rename, writeFile } from 'node:fs/promises';

/** Writes a file that nobody else reads, and that nobody sees half of. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
}
