import { type FileHandle, open } from 'node:fs/promises';

/** A file that is filled from its end on, maybe by several processes' lives. */
export interface BlobFile {
  /** Bytes that it has. */
  readonly size: number;
  append(chunk: Uint8Array): Promise<void>;
  /** Throws away what it has. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file that may have a part of its content; one that is not there is made, for its owner alone. */
export async function openBlobFile(path: string): Promise<BlobFile> {
  const handle = await open(path, 'a+', 0o600);
  return new HostBlobFile(handle, (await handle.stat()).size);
}

class HostBlobFile implements BlobFile {
  readonly #handle: FileHandle;
  #size: number;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#handle.appendFile(chunk);
    this.#size += chunk.length;
  }

  async empty(): Promise<void> {
    await this.#handle.truncate(0);
    this.#size = 0;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
