import { assert } from '../../base/assert.js';
import { type Disk, DiskError, type DiskFile } from '../../base/disk.js';
import { spareSegmentName } from './segment-name.js';

/** A file of zeros that waits to become a segment. */
export interface SpareFile {
  readonly path: string;
  readonly file: DiskFile;
}

/** After the disk was found full, so many requests pass before the next attempt. */
const requestsBetweenAttempts = 1024;

/** Makes the file of segment `sequence`, filled with zeros that are on disk. Leaves nothing behind when that fails. */
export async function makeSpareFile({
  disk,
  dir,
  sequence,
  fileBytes,
}: {
  readonly disk: Disk;
  readonly dir: string;
  readonly sequence: number;
  readonly fileBytes: number;
}): Promise<SpareFile> {
  const path = `${dir}/${spareSegmentName(sequence)}`;
  const file = await disk.open(path, { create: true });
  try {
    await file.allocate(fileBytes);
    return { path, file };
  } catch (error) {
    await file.close();
    await disk.remove(path);
    throw error;
  }
}

/**
 * Makes the next segment's file before it is needed. Filling it with zeros takes the metadata changes off the path of
 * the appends. When the disk has no room for it, the log goes on beyond its segment's end for as long as it can.
 */
export class SpareSegment {
  readonly #disk: Disk;
  readonly #dir: string;
  readonly #fileBytes: number;
  readonly #onFailure: (error: unknown) => void;
  #ready: SpareFile | null = null;
  #preparing: Promise<void> | null = null;
  #requestsToPass = 0;

  /** `onFailure` is told of every failure but a full disk. */
  constructor(options: {
    readonly disk: Disk;
    readonly dir: string;
    readonly fileBytes: number;
    readonly onFailure: (error: unknown) => void;
  }) {
    this.#disk = options.disk;
    this.#dir = options.dir;
    this.#fileBytes = options.fileBytes;
    this.#onFailure = options.onFailure;
  }

  get isReady(): boolean {
    return this.#ready !== null;
  }

  /** Starts to make the file of segment `sequence`, unless it is there or under way. */
  request(sequence: number): void {
    if (this.#ready !== null || this.#preparing !== null) return;
    if (this.#requestsToPass > 0) {
      this.#requestsToPass--;
      return;
    }
    this.#preparing = this.#prepare(sequence);
  }

  /** Hands over the file; it must be ready. */
  take(): SpareFile {
    const spare = this.#ready;
    assert(spare !== null, 'the spare segment is ready');
    this.#ready = null;
    return spare;
  }

  /** Waits for what is under way. The file stays; opening the log removes it. */
  async close(): Promise<void> {
    await this.#preparing;
    await this.#ready?.file.close();
    this.#ready = null;
  }

  async #prepare(sequence: number): Promise<void> {
    try {
      this.#ready = await makeSpareFile({
        disk: this.#disk,
        dir: this.#dir,
        sequence,
        fileBytes: this.#fileBytes,
      });
    } catch (error) {
      if (error instanceof DiskError && error.code === 'no-space') {
        this.#requestsToPass = requestsBetweenAttempts;
      } else this.#onFailure(error);
    }
    this.#preparing = null;
  }
}
