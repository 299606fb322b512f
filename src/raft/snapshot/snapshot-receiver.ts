import { type Disk, DiskError, type DiskFile } from '../../base/disk.js';
import type { ClusterId } from '../../base/ids.js';
import { SnapshotCorruptError } from './errors.js';
import type { SnapshotHeader } from './format.js';
import type { SnapshotPosition } from './snapshot-name.js';
import { SnapshotScanner } from './snapshot-scanner.js';

const syncBytes = 8 << 20;

/** What the received file must say that it is. */
type Expected = SnapshotPosition & { readonly clusterId: ClusterId };

/**
 * Takes a snapshot file's bytes from a peer into a partial file. It survives restarts: what is there is verified chunk
 * by chunk, and the transfer goes on after the last chunk that is right.
 */
export class SnapshotReceiver {
  readonly #file: DiskFile;
  readonly #complete: () => Promise<void>;
  readonly #expected: Expected;
  #receivedBytes: number;
  #syncedBytes: number;

  private constructor(
    file: DiskFile,
    options: {
      readonly expected: Expected;
      readonly receivedBytes: number;
      readonly complete: () => Promise<void>;
    },
  ) {
    this.#file = file;
    this.#expected = options.expected;
    this.#complete = options.complete;
    this.#receivedBytes = options.receivedBytes;
    this.#syncedBytes = options.receivedBytes;
  }

  /** Opens or makes the partial file. `complete` is called to give it its name, once it is whole and synced. */
  static async open(options: {
    readonly disk: Disk;
    readonly path: string;
    readonly expected: Expected;
    readonly complete: () => Promise<void>;
  }): Promise<SnapshotReceiver> {
    const file = await openOrCreate(options.disk, options.path);
    try {
      const receivedBytes = await verifiedBytes(file, options.expected);
      await file.truncate(receivedBytes);
      return new SnapshotReceiver(file, { ...options, receivedBytes });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Offset of the next byte wanted. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Appends at {@link receivedBytes}. Throws DiskError; what was received before is kept unless a sync failed. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#file.write(this.#receivedBytes, [bytes]);
    this.#receivedBytes += bytes.length;
    if (this.#receivedBytes - this.#syncedBytes >= syncBytes) await this.#sync();
  }

  /**
   * Verifies everything. True: the snapshot is complete, correct, durable and has its name. False: it was not, and is
   * received again from offset 0.
   */
  async finish(): Promise<boolean> {
    await this.#sync();
    if (!(await isWhole(this.#file, this.#expected))) {
      await this.#startOver();
      return false;
    }
    await this.#complete();
    return true;
  }

  /** Lets go of the partial file, which stays. */
  close(): Promise<void> {
    return this.#file.close();
  }

  /** A failed sync leaves nothing to rely on: the bytes may look right and not be on the disk. */
  async #sync(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      await this.#startOver();
      throw error;
    }
    this.#syncedBytes = this.#receivedBytes;
  }

  async #startOver(): Promise<void> {
    await this.#file.truncate(0);
    this.#receivedBytes = 0;
    this.#syncedBytes = 0;
  }
}

async function openOrCreate(disk: Disk, path: string): Promise<DiskFile> {
  try {
    return await disk.open(path, { create: false });
  } catch (error) {
    if (!(error instanceof DiskError && error.code === 'not-found')) throw error;
    return disk.open(path, { create: true });
  }
}

/** Length of the file's front that is right, without the footer: something is always left to ask for. */
async function verifiedBytes(file: DiskFile, expected: Expected): Promise<number> {
  const scanner = new SnapshotScanner(file);
  let verified = 0;
  try {
    if (!isExpected(await scanner.readHeader(), expected)) return 0;
    do verified = scanner.position;
    while ((await scanner.readChunk()) !== null);
  } catch (error) {
    if (!(error instanceof SnapshotCorruptError)) throw error;
  }
  return verified;
}

async function isWhole(file: DiskFile, expected: Expected): Promise<boolean> {
  const scanner = new SnapshotScanner(file);
  try {
    const header = await scanner.readHeader();
    while ((await scanner.readChunk()) !== null);
    return isExpected(header, expected);
  } catch (error) {
    if (error instanceof SnapshotCorruptError) return false;
    throw error;
  }
}

function isExpected({ clusterId, meta }: SnapshotHeader, expected: Expected): boolean {
  return (
    clusterId === expected.clusterId && meta.index === expected.index && meta.term === expected.term
  );
}
