import { equalBytes, viewOf } from '../../base/bytes.js';
import type { DiskFile } from '../../base/disk.js';
import { SnapshotCorruptError } from './errors.js';
import {
  chunkBytesMax,
  chunkHeadBytes,
  confLengthOf,
  decodeHeader,
  encodeChunkHead,
  encodeFooter,
  fixedHeaderBytes,
  footerBytes,
  headerTailBytes,
  type SnapshotHeader,
} from './format.js';

/**
 * Reads a snapshot file from front to end, checking everything it passes. Every method throws
 * {@link SnapshotCorruptError} on damage and at a place where the file ends too soon.
 */
export class SnapshotScanner {
  readonly #file: DiskFile;
  /** Invariant: all before it is verified. */
  #position = 0;
  #running = 0;
  #dataBytes = 0;
  #chunks = 0;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  /** Offset after what was read: the end of the header or of a chunk, or of the file after the footer. */
  get position(): number {
    return this.#position;
  }

  /** Reads the header; to be called first. */
  async readHeader(): Promise<SnapshotHeader> {
    const fixed = await this.#file.read(0, fixedHeaderBytes);
    const confLength = confLengthOf(fixed);
    if (confLength === null) throw this.#corrupt('it is not a snapshot that this program reads');
    const length = fixedHeaderBytes + confLength + headerTailBytes;
    const bytes = await this.#file.read(0, length);
    const decoded = bytes.length === length ? this.#decode(bytes) : null;
    if (decoded === null) throw this.#corrupt('its header does not match its checksum');
    this.#running = decoded.running;
    this.#position = length;
    return decoded.header;
  }

  /** Reads the next chunk; null after the last, when the footer and the file's size were found right. */
  async readChunk(): Promise<Uint8Array | null> {
    const head = await this.#file.read(this.#position, chunkHeadBytes);
    if (head.length < chunkHeadBytes) throw this.#corrupt('the file ends before its footer');
    const length = viewOf(head).getUint32(0, true);
    if (length === 0) {
      await this.#readFooter();
      return null;
    }
    if (length > chunkBytesMax) throw this.#corrupt(`a chunk of ${length} bytes is impossible`);
    const data = await this.#file.read(this.#position + chunkHeadBytes, length);
    if (data.length < length) throw this.#corrupt('the file ends within a chunk');
    const expected = encodeChunkHead(data, this.#running);
    if (!equalBytes(head, expected.head))
      throw this.#corrupt('a chunk does not match its checksum');
    this.#running = expected.running;
    this.#position += chunkHeadBytes + length;
    this.#dataBytes += length;
    this.#chunks++;
    return data;
  }

  async #readFooter(): Promise<void> {
    const bytes = await this.#file.read(this.#position, footerBytes + 1);
    const totals = { dataBytes: this.#dataBytes, chunks: this.#chunks };
    if (!equalBytes(bytes, encodeFooter(totals, this.#running))) {
      throw this.#corrupt('the footer does not match what comes before');
    }
    this.#position += footerBytes;
  }

  #decode(bytes: Uint8Array): ReturnType<typeof decodeHeader> {
    try {
      return decodeHeader(bytes);
    } catch (cause) {
      throw this.#corrupt((cause as Error).message);
    }
  }

  #corrupt(detail: string): SnapshotCorruptError {
    return new SnapshotCorruptError(this.#file.path, this.#position, detail);
  }
}
