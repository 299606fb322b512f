import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { assert } from '../base/assert.js';
import { DiskError, type DiskFile } from '../base/disk.js';
import { toDiskError } from './disk-error.js';

const fsRead = promisify(fs.read) as (
  fd: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => Promise<{ bytesRead: number }>;
const fsWrite = promisify(fs.write) as (
  fd: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => Promise<{ bytesWritten: number }>;
const fsStat = promisify(fs.fstat);
const fsDataSync = promisify(fs.fdatasync);
const fsTruncate = promisify(fs.ftruncate);
const fsClose = promisify(fs.close);

/**
 * Zeros are allocated in pieces, so that others in the thread pool's queue get their turn. Larger pieces would make the kernel
 * look for as large stretches of free memory for its cache, at five times the cost.
 */
const zeroChunkBytes = 64 << 10;
/** The kernel takes at most this many pieces in one writev (IOV_MAX). */
const piecesPerWrite = 1024;

/** A file of the machine. The descriptor is closed only after the operations that use it, lest they hit its successor. */
export class HostDiskFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;
  readonly #inFlight = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  async size(): Promise<number> {
    const stat = await this.#run('stat', () => fsStat(this.#fd));
    return stat.size;
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.#run('read', () => this.#readFully(position, length));
  }

  write(position: number, chunks: readonly Uint8Array[]): void {
    assert(Number.isSafeInteger(position) && position >= 0, `position ${position}`);
    if (this.#isClosed) throw this.#closedError('write');
    try {
      let at = position;
      for (let i = 0; i < chunks.length; i += piecesPerWrite) {
        at = this.#writePieces(at, chunks.slice(i, i + piecesPerWrite));
      }
    } catch (error) {
      throw toDiskError('write', this.path, error);
    }
  }

  async sync(): Promise<number> {
    const startedAt = performance.now();
    await this.#run('sync', () => fsDataSync(this.#fd));
    return performance.now() - startedAt;
  }

  syncBlocking(): number {
    if (this.#isClosed) throw this.#closedError('sync');
    const startedAt = performance.now();
    try {
      fs.fdatasyncSync(this.#fd);
    } catch (error) {
      throw toDiskError('sync', this.path, error);
    }
    return performance.now() - startedAt;
  }

  async allocate(size: number): Promise<void> {
    await this.#run('allocate', () => this.#fillWithZeros(size));
  }

  async truncate(size: number): Promise<void> {
    await this.#run('truncate', () => fsTruncate(this.#fd, size));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.allSettled(this.#inFlight);
    await fsClose(this.#fd).catch((error: unknown) => {
      throw toDiskError('close', this.path, error);
    });
  }

  async #run<T>(action: string, operation: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw this.#closedError(action);
    const running = operation();
    this.#inFlight.add(running);
    try {
      return await running;
    } catch (error) {
      throw toDiskError(action, this.path, error);
    } finally {
      this.#inFlight.delete(running);
    }
  }

  #closedError(action: string): DiskError {
    return new DiskError('closed', `cannot ${action} '${this.path}': the file was closed`);
  }

  async #readFully(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await fsRead(this.#fd, bytes, done, length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  }

  /** The kernel may take less than it is given; what is left is offered again. Returns the position after. */
  #writePieces(position: number, pieces: readonly Uint8Array[]): number {
    let left = pieces.filter((piece) => piece.length > 0);
    let at = position;
    while (left.length > 0) {
      const written = fs.writevSync(this.#fd, left, at);
      if (written === 0) throw new Error('the system wrote nothing');
      at += written;
      left = dropFront(left, written);
    }
    return at;
  }

  async #fillWithZeros(size: number): Promise<void> {
    const zeros = new Uint8Array(Math.min(size, zeroChunkBytes));
    let at = (await fsStat(this.#fd)).size;
    while (at < size) {
      const length = Math.min(zeros.length, size - at);
      const { bytesWritten } = await fsWrite(this.#fd, zeros, 0, length, at);
      at += bytesWritten;
    }
    await fsDataSync(this.#fd);
  }
}

function dropFront(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  let i = 0;
  for (let piece = pieces[i]; piece !== undefined && left >= piece.length; piece = pieces[i]) {
    left -= piece.length;
    i++;
  }
  const rest = pieces.slice(i);
  const first = rest[0];
  if (first !== undefined && left > 0) rest[0] = first.subarray(left);
  return rest;
}
