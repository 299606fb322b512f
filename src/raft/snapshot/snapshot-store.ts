import type { Disk, DiskFile } from '../../base/disk.js';
import { makeDurableDir } from '../../base/durable-dir.js';
import { type ClusterId, formatId } from '../../base/ids.js';
import type { SnapshotMeta } from '../core/types.js';
import { SnapshotAbsentError, SnapshotCorruptError, SnapshotIdentityError } from './errors.js';
import { footerBytes } from './format.js';
import {
  parseSnapshotName,
  receivingSuffix,
  type SnapshotPosition,
  snapshotName,
  writingSuffix,
} from './snapshot-name.js';
import { SnapshotReceiver } from './snapshot-receiver.js';
import { SnapshotScanner } from './snapshot-scanner.js';
import { SnapshotWriter } from './snapshot-writer.js';

/** How a snapshot folder is opened. */
export interface SnapshotStoreOptions {
  readonly disk: Disk;
  /** Folder of the snapshots alone; made when absent. */
  readonly dir: string;
  readonly clusterId: ClusterId;
  /** Complete snapshots kept after a new one; the default is 1. */
  readonly retainCount?: number;
}

/** A snapshot that is being received; see {@link SnapshotReceiver}. */
export type SnapshotIntake = Pick<
  SnapshotReceiver,
  'receivedBytes' | 'append' | 'finish' | 'close'
>;

/**
 * A member's snapshot files. A file has its final name only when it is whole and durable. Everything streams: no more
 * than a chunk is ever in memory.
 */
export class SnapshotStore {
  readonly #disk: Disk;
  readonly #dir: string;
  readonly #clusterId: ClusterId;
  readonly #retainCount: number;
  /** Complete snapshots, oldest first. */
  #complete: SnapshotMeta[] = [];
  /** The file that was read from last; it stays readable when it has been removed since. */
  #reading: { readonly name: string; readonly file: Promise<DiskFile> } | null = null;

  private constructor(options: SnapshotStoreOptions) {
    this.#disk = options.disk;
    this.#dir = options.dir;
    this.#clusterId = options.clusterId;
    this.#retainCount = options.retainCount ?? 1;
  }

  /**
   * Opens the folder and removes what a crash left half written. Snapshots with a damaged header are passed over. Throws
   * SnapshotIdentityError or DiskError.
   */
  static async open(options: SnapshotStoreOptions): Promise<SnapshotStore> {
    const store = new SnapshotStore(options);
    await makeDurableDir(options.disk, options.dir);
    for (const name of await options.disk.list(options.dir)) {
      if (name.endsWith(writingSuffix)) await options.disk.remove(store.#pathOf(name));
      const meta = parseSnapshotName(name) && (await store.#readMeta(name));
      if (meta) store.#add(meta);
    }
    return store;
  }

  /** The newest complete snapshot. */
  newest(): SnapshotMeta | undefined {
    return this.#complete.at(-1);
  }

  /** All complete snapshots, oldest first. */
  list(): readonly SnapshotMeta[] {
    return this.#complete;
  }

  /** What the complete snapshot at a position is of; undefined when there is none. */
  async meta(at: SnapshotPosition): Promise<SnapshotMeta | undefined> {
    return this.#find(at);
  }

  /**
   * Writes a snapshot durably, then removes old ones. On any error no trace is left of it; a full disk is DiskError
   * `no-space`.
   */
  async save(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const path = this.#pathOf(snapshotName(meta));
    const writingPath = path + writingSuffix;
    await this.#disk.remove(writingPath);
    const file = await this.#disk.open(writingPath, { create: true });
    try {
      const writer = new SnapshotWriter(file, { clusterId: this.#clusterId, meta });
      for await (const chunk of chunks) await writer.write(chunk);
      await writer.finish();
    } catch (error) {
      await file.close();
      await this.#disk.remove(writingPath);
      throw error;
    }
    await file.close();
    await this.#rename(writingPath, path);
    this.#add(meta);
    await this.retain(this.#retainCount);
  }

  /** The file's bytes from `offset`, at most `lengthMax`, and its size; undefined when it is not here. */
  async read(
    at: SnapshotPosition,
    offset: number,
    lengthMax: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly totalBytes: number } | undefined> {
    const file = await this.#fileForReading(at);
    if (file === undefined) return undefined;
    return { bytes: await file.read(offset, lengthMax), totalBytes: await file.size() };
  }

  /**
   * The chunks as they were saved, each verified before it is handed out. Throws SnapshotAbsentError or
   * SnapshotCorruptError.
   */
  async *chunks(at: SnapshotPosition): AsyncGenerator<Uint8Array, void, undefined> {
    const name = snapshotName(at);
    if (this.#find(at) === undefined) throw new SnapshotAbsentError(this.#pathOf(name));
    const file = await this.#disk.open(this.#pathOf(name), { create: false });
    try {
      const scanner = new SnapshotScanner(file);
      await scanner.readHeader();
      for (let chunk = await scanner.readChunk(); chunk; chunk = await scanner.readChunk()) {
        yield chunk;
      }
    } finally {
      await file.close();
    }
  }

  /** Reads all of a snapshot; false when it is absent or damaged anywhere. */
  async verify(at: SnapshotPosition): Promise<boolean> {
    try {
      for await (const _ of this.chunks(at));
      return true;
    } catch (error) {
      if (error instanceof SnapshotCorruptError || error instanceof SnapshotAbsentError)
        return false;
      throw error;
    }
  }

  /**
   * Receives a snapshot, going on where an earlier attempt at the same one stopped; attempts at others are discarded.
   * One receiver at a time.
   */
  async receive(at: SnapshotPosition): Promise<SnapshotIntake> {
    const path = this.#pathOf(snapshotName(at));
    const partialPath = path + receivingSuffix;
    for (const name of await this.#disk.list(this.#dir)) {
      const other = this.#pathOf(name);
      if (name.endsWith(receivingSuffix) && other !== partialPath) await this.#disk.remove(other);
    }
    if (this.#find(at) !== undefined) return this.#alreadyComplete(at);
    return SnapshotReceiver.open({
      disk: this.#disk,
      path: partialPath,
      expected: { index: at.index, term: at.term, clusterId: this.#clusterId },
      complete: () => this.#completeReceived(at, { partialPath, path }),
    });
  }

  /** Removes all but the newest `count` complete snapshots, and `wanted`. */
  async retain(count: number, wanted?: SnapshotPosition): Promise<void> {
    const removed = this.#complete
      .slice(0, Math.max(0, this.#complete.length - count))
      .filter(({ index, term }) => index !== wanted?.index || term !== wanted.term);
    this.#complete = this.#complete.filter((meta) => !removed.includes(meta));
    for (const meta of removed) await this.#disk.remove(this.#pathOf(snapshotName(meta)));
    if (removed.length > 0) await this.#disk.syncDir(this.#dir);
  }

  /** Closes the files that are kept open for reading. */
  async close(): Promise<void> {
    const reading = this.#reading;
    this.#reading = null;
    await (await reading?.file)?.close();
  }

  /** A crash came between the receipt and its use: the last bytes are asked for again, to no effect. */
  async #alreadyComplete(at: SnapshotPosition): Promise<SnapshotIntake> {
    const size = (await this.read(at, 0, 0))?.totalBytes ?? 0;
    let receivedBytes = size - footerBytes;
    return {
      get receivedBytes() {
        return receivedBytes;
      },
      async append(bytes) {
        receivedBytes += bytes.length;
      },
      finish: async () => true,
      close: async () => undefined,
    };
  }

  async #completeReceived(
    at: SnapshotPosition,
    { partialPath, path }: { readonly partialPath: string; readonly path: string },
  ): Promise<void> {
    await this.#rename(partialPath, path);
    const meta = await this.#readMeta(snapshotName(at));
    if (meta) this.#add(meta);
    // A newer one may be here, of a receipt that came to nothing; this one is about to be used.
    await this.retain(this.#retainCount, at);
  }

  async #rename(from: string, to: string): Promise<void> {
    await this.#disk.rename(from, to);
    await this.#disk.syncDir(this.#dir);
  }

  async #readMeta(name: string): Promise<SnapshotMeta | null> {
    const path = this.#pathOf(name);
    const file = await this.#disk.open(path, { create: false });
    try {
      const { clusterId, meta } = await new SnapshotScanner(file).readHeader();
      if (clusterId === this.#clusterId) return meta;
      throw new SnapshotIdentityError(path, {
        found: formatId(clusterId),
        expected: formatId(this.#clusterId),
      });
    } catch (error) {
      if (error instanceof SnapshotCorruptError) return null;
      throw error;
    } finally {
      await file.close();
    }
  }

  async #fileForReading(at: SnapshotPosition): Promise<DiskFile | undefined> {
    const name = snapshotName(at);
    if (this.#reading?.name === name) return this.#reading.file;
    if (this.#find(at) === undefined) return undefined;
    const before = this.#reading;
    const file = this.#disk.open(this.#pathOf(name), { create: false });
    this.#reading = { name, file };
    await (await before?.file)?.close();
    return file;
  }

  #find({ index, term }: SnapshotPosition): SnapshotMeta | undefined {
    return this.#complete.find((meta) => meta.index === index && meta.term === term);
  }

  #add(meta: SnapshotMeta): void {
    this.#complete = this.#complete.filter(({ index }) => index !== meta.index);
    this.#complete.push(meta);
    this.#complete.sort((a, b) => a.index - b.index);
  }

  #pathOf(name: string): string {
    return `${this.#dir}/${name}`;
  }
}
