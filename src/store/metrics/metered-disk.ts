import type { Disk, DiskFile } from '../../base/disk.js';

/** What is told about a disk. Called for every write and sync: cheap. */
export interface DiskMeter {
  /** `bytes` were handed to the operating system. */
  onWrite(bytes: number): void;
  /** A sync that went well took so long. */
  onSync(tookMs: number): void;
}

/** The same disk, of which writes and syncs of files are told to a meter. */
export function meteredDisk(disk: Disk, meter: DiskMeter): Disk {
  return {
    open: async (path, options) => new MeteredFile(await disk.open(path, options), meter),
    exists: (path) => disk.exists(path),
    readNow: (path, position, length) => disk.readNow(path, position, length),
    list: (dir) => disk.list(dir),
    makeDir: (dir) => disk.makeDir(dir),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncDir: (dir) => disk.syncDir(dir),
  };
}

class MeteredFile implements DiskFile {
  readonly path: string;
  readonly #file: DiskFile;
  readonly #meter: DiskMeter;

  constructor(file: DiskFile, meter: DiskMeter) {
    this.path = file.path;
    this.#file = file;
    this.#meter = meter;
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.#file.read(position, length);
  }

  write(position: number, chunks: readonly Uint8Array[]): void {
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    this.#meter.onWrite(bytes);
    this.#file.write(position, chunks);
  }

  async sync(): Promise<number> {
    const tookMs = await this.#file.sync();
    this.#meter.onSync(tookMs);
    return tookMs;
  }

  syncBlocking(): number {
    const tookMs = this.#file.syncBlocking();
    this.#meter.onSync(tookMs);
    return tookMs;
  }

  allocate(size: number): Promise<void> {
    return this.#file.allocate(size);
  }

  truncate(size: number): Promise<void> {
    return this.#file.truncate(size);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
