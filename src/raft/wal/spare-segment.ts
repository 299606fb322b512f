import { assert } from '../../base/assert.js';
import { type Disk, DiskError, type DiskFile } from '../../base/disk.js';
import type { SealedSegment } from './recovery.js';
import { spareSegmentName } from './segment-name.js';

/** A file that waits to become a segment. Every byte of it is allocated. */
export interface SpareFile {
  readonly path: string;
  readonly file: DiskFile;
  readonly fileBytes: number;
  /** The seeds of the segments that it held before. Beside what they left, it holds zeros. */
  readonly seeds: readonly number[];
}

/** A segment that is not part of the log any more, under a name that says so. */
interface RecycledFile {
  readonly path: string;
  readonly fileBytes: number;
  readonly seeds: readonly number[];
}

/** After the disk was found full, so many requests pass before the next attempt. */
const requestsBetweenAttempts = 1024;
/** Recycled files that are kept. At full speed as many are released at a time (`syncAfterBytes`). */
const recycledMax = 4;
/** A file is recycled this often at the most: what may be left in it is remembered. */
const segmentsPerFileMax = 64;

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
    return { path, file, fileBytes, seeds: [] };
  } catch (error) {
    await file.close();
    await disk.remove(path);
    throw error;
  }
}

/**
 * Has the next segment's file at hand before it is needed: one that a released segment was in, or a new one. Either is
 * allocated, which takes the metadata changes off the path of the appends; one that was in use before is besides not
 * written twice, and its pages are often in memory. When the disk has no room for a new one, the log goes on beyond its
 * segment's end for as long as it can.
 */
export class SpareSegment {
  readonly #disk: Disk;
  readonly #dir: string;
  readonly #fileBytes: number;
  readonly #onFailure: (error: unknown) => void;
  /** Invariant: the folder is synced since each got its name. */
  readonly #recycled: RecycledFile[] = [];
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

  /** Whether a released segment's file is of use here. */
  wants({ fileBytes, seeds }: SealedSegment): boolean {
    if (this.#recycled.length === recycledMax || fileBytes !== this.#fileBytes) return false;
    return seeds !== null && seeds.length < segmentsPerFileMax;
  }

  /** Takes a file that {@link wants} said yes to. It has this name, a spare's, by now, and durably so. */
  recycle({ fileBytes, seeds }: SealedSegment, path: string): void {
    assert(seeds !== null, 'what the file held is known');
    this.#recycled.push({ path, fileBytes, seeds });
  }

  /** Starts to prepare the file of segment `sequence`, unless it is there or under way. */
  request(sequence: number): void {
    if (this.#ready !== null || this.#preparing !== null) return;
    if (this.#requestsToPass > 0 && this.#recycled.length === 0) {
      this.#requestsToPass--;
      return;
    }
    this.#preparing = this.#prepare(sequence);
  }

  /**
   * Hands over the file for a segment whose frames are seeded with `seed`; null when none is ready. One that has held a
   * segment with the same seed, as one in 2^32 has, is dropped: what is left there would pass for this segment's.
   */
  take(seed: number): SpareFile | null {
    const spare = this.#ready;
    this.#ready = null;
    if (spare === null || !spare.seeds.includes(seed)) return spare;
    this.#preparing = this.#drop(spare);
    return null;
  }

  /** Waits for what is under way. The files stay; opening the log removes them. */
  async close(): Promise<void> {
    await this.#preparing;
    await this.#ready?.file.close();
    this.#ready = null;
  }

  async #prepare(sequence: number): Promise<void> {
    const recycled = this.#recycled.shift();
    try {
      this.#ready =
        recycled === undefined ? await this.#make(sequence) : await this.#reopen(recycled);
    } catch (error) {
      if (error instanceof DiskError && error.code === 'no-space') {
        this.#requestsToPass = requestsBetweenAttempts;
      } else this.#onFailure(error);
    }
    this.#preparing = null;
  }

  #make(sequence: number): Promise<SpareFile> {
    return makeSpareFile({
      disk: this.#disk,
      dir: this.#dir,
      sequence,
      fileBytes: this.#fileBytes,
    });
  }

  async #reopen(recycled: RecycledFile): Promise<SpareFile> {
    return { ...recycled, file: await this.#disk.open(recycled.path, { create: false }) };
  }

  async #drop({ path, file }: SpareFile): Promise<void> {
    try {
      await file.close();
      await this.#disk.remove(path);
    } catch (error) {
      this.#onFailure(error);
    }
    this.#preparing = null;
  }
}
