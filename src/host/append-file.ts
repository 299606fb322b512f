import { open } from 'node:fs/promises';

/** A file that only grows, given to a child process as its output. */
export interface AppendFile {
  readonly fd: number;
  /** Closes our descriptor; the child has its own. */
  close(): Promise<void>;
}

/** Opens a file for appending, made readable by its owner alone. Rejects with the operating system's error. */
export async function openAppendFile(path: string): Promise<AppendFile> {
  const handle = await open(path, 'a', 0o600);
  return { fd: handle.fd, close: () => handle.close() };
}
