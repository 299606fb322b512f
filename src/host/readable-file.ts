import { type FileHandle, open } from 'node:fs/promises';
import { toDiskError } from './disk-error.js';

/** A file that is only read. Errors are DiskError. */
export interface ReadableFile {
  size(): Promise<number>;
  /** Up to `length` bytes at `position`; fewer only at the end. The result is the caller's. */
  read(position: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens a file of which nothing is asked but that it may be read. Rejects with DiskError. */
export async function openReadableFile(path: string): Promise<ReadableFile> {
  try {
    return new HostReadableFile(path, await open(path, 'r'));
  } catch (error) {
    throw toDiskError('open', path, error);
  }
}

class HostReadableFile implements ReadableFile {
  readonly #path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    try {
      while (filled < length) {
        const rest = { offset: filled, length: length - filled, position: position + filled };
        const { bytesRead } = await this.#handle.read(bytes, rest);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (error) {
      throw toDiskError('read', this.#path, error);
    }
    return bytes.subarray(0, filled);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
