import { assert } from '../../base/assert.js';
import type { DiskFile } from '../../base/disk.js';
import {
  chunkBytesMax,
  encodeChunkHead,
  encodeFooter,
  encodeHeader,
  type SnapshotHeader,
} from './format.js';

/** So much is written between syncs: a full disk shows early, and no sync takes long. */
const syncBytes = 8 << 20;

/** Writes a snapshot file front to end. Errors are DiskError; the file is then of no use. */
export class SnapshotWriter {
  readonly #file: DiskFile;
  #position: number;
  #syncedPosition = 0;
  #running: number;
  #dataBytes = 0;
  #chunks = 0;

  /** Writes the header into an empty file. */
  constructor(file: DiskFile, header: SnapshotHeader) {
    this.#file = file;
    const { bytes, running } = encodeHeader(header);
    file.write(0, [bytes]);
    this.#position = bytes.length;
    this.#running = running;
  }

  /** Appends a chunk, which is read back as one; an empty one leaves no trace. */
  async write(chunk: Uint8Array): Promise<void> {
    if (chunk.length === 0) return;
    assert(chunk.length <= chunkBytesMax, `a chunk of ${chunk.length} bytes is too large`);
    const { head, running } = encodeChunkHead(chunk, this.#running);
    this.#file.write(this.#position, [head, chunk]);
    this.#position += head.length + chunk.length;
    this.#running = running;
    this.#dataBytes += chunk.length;
    this.#chunks++;
    if (this.#position - this.#syncedPosition < syncBytes) return;
    await this.#file.sync();
    this.#syncedPosition = this.#position;
  }

  /** Writes the footer and makes the file's content durable. */
  async finish(): Promise<void> {
    const totals = { dataBytes: this.#dataBytes, chunks: this.#chunks };
    this.#file.write(this.#position, [encodeFooter(totals, this.#running)]);
    await this.#file.sync();
  }
}
