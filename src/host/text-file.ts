import { readFile } from 'node:fs/promises';

/** Reads a small text file such as a certificate. Rejects with the operating system's error, which names the path. */
export function readTextFile(path: string): Promise<string> {
  return readFile(path, 'utf8');
}
