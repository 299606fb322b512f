/**
 * Files as the log and the snapshots need them. The host's disk is the machine's; the simulator's loses, tears and
 * reorders what was not synced when its member crashes. Paths are relative to the disk's root and use '/'.
 */

/** Why a disk operation failed. `io` covers everything that is not worth telling apart. */
export type DiskErrorCode = 'not-found' | 'exists' | 'no-space' | 'io' | 'permission' | 'closed';

/** An operating error of the disk. After a failed sync nothing about the file's durability is known. */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: DiskErrorCode;
  constructor(code: DiskErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An open file. All offsets and sizes are in bytes. One owner writes; errors are {@link DiskError}. */
export interface DiskFile {
  readonly path: string;
  size(): Promise<number>;
  /** Reads up to `length` bytes at `position`; shorter only at the end of the file. The result is the caller's. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Hands the chunks to the operating system, in order, contiguous from `position`. Durable only after {@link sync}. */
  write(position: number, chunks: readonly Uint8Array[]): void;
  /**
   * Makes everything written before the call durable (fdatasync), and resolves with how many milliseconds that took. A
   * failure is fatal to the caller's process.
   */
  sync(): Promise<number>;
  /** The same, and nothing else runs meanwhile: for a disk that is known to be quick. */
  syncBlocking(): number;
  /** Extends the file to `size` with zeros really allocated, so that later writes and syncs change no metadata. */
  allocate(size: number): Promise<void>;
  /** Cuts the file to `size`. */
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** A folder tree with durability made explicit. */
export interface Disk {
  /** Opens for reading and writing. `create` makes the file, and fails with `exists` when it is there already. */
  open(path: string, options: { create: boolean }): Promise<DiskFile>;
  exists(path: string): Promise<boolean>;
  /** What {@link DiskFile.read} gives, of a file that is not open. Blocks the thread: for what is hardly ever needed. */
  readNow(path: string, position: number, length: number): Uint8Array;
  /** Names in a folder, sorted; empty when the folder is absent. */
  list(dir: string): Promise<string[]>;
  /** Makes the folder and its parents. */
  makeDir(dir: string): Promise<void>;
  /** Atomic replace within the disk. Durable after {@link syncDir} of both folders. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all in it; a no-op when absent. */
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals in the folder durable (fsync of the directory). */
  syncDir(dir: string): Promise<void>;
}
