import { assert } from '../../base/assert.js';
import { StoreDataError } from './errors.js';
import { getUint64, putUint64 } from './keys.js';

/** A snapshot image as a stream of bytes (docs/internals/data-layout.md, "Snapshot image"). */

const magic = new TextEncoder().encode('FLOTIMG1');
/** Chunks are handed on once they are at least this large. */
const chunkBytes = 256 * 1024;
/** Stands where a key length would, before the number of records. */
const endMark = 0xffff_ffff;
/** No key or value of ours is larger; a larger length means that the image is garbage. */
const fieldBytesMax = 0x4000_0000;

type Record = readonly [key: Uint8Array, value: Uint8Array];

/** Streams records, in batches as a database hands them out, as chunks of about 256 KiB. */
export async function* encodeImage(
  batches: AsyncIterable<readonly Record[]>,
): AsyncGenerator<Uint8Array> {
  const writer = new ChunkWriter();
  writer.append(magic);
  let count = 0;
  for await (const batch of batches) {
    for (const [key, value] of batch) {
      writer.appendLength(key.length);
      writer.append(key);
      writer.appendLength(value.length);
      writer.append(value);
      count++;
      if (writer.size >= chunkBytes) yield writer.take();
    }
  }
  const end = new Uint8Array(12);
  end.fill(0xff, 0, 4);
  putUint64(end, 4, count);
  writer.append(end);
  yield writer.take();
}

/**
 * Reads records back from chunks that may be cut anywhere. One batch per chunk that completes any record. Throws
 * {@link StoreDataError} `image` when the stream is not a whole image.
 */
export async function* decodeImage(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Record[]> {
  const decoder = new ImageDecoder();
  for await (const chunk of chunks) {
    const records = decoder.push(chunk);
    if (records.length > 0) yield records;
  }
  decoder.finish();
}

class ChunkWriter {
  #bytes = new Uint8Array(chunkBytes + 64 * 1024);
  size = 0;

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.size);
    this.size += bytes.length;
  }

  appendLength(length: number): void {
    assert(length <= fieldBytesMax);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setUint32(this.size, length);
    this.size += 4;
  }

  take(): Uint8Array {
    const chunk = this.#bytes.slice(0, this.size);
    this.size = 0;
    return chunk;
  }

  #reserve(count: number): void {
    if (this.size + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.size + count, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.size));
    this.#bytes = grown;
  }
}

class ImageDecoder {
  /** What has arrived of the record that is not complete yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #sawMagic = false;
  #ended = false;
  #count = 0;

  push(chunk: Uint8Array): Record[] {
    const bytes = this.#rest.length === 0 ? chunk : join(this.#rest, chunk);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const records: Record[] = [];
    let at = 0;
    if (!this.#sawMagic && bytes.length >= magic.length) {
      if (!magic.every((byte, i) => bytes[i] === byte)) throw imageError('has no header');
      this.#sawMagic = true;
      at = magic.length;
    }
    while (this.#sawMagic && !this.#ended && bytes.length - at >= 8) {
      const keyLength = view.getUint32(at);
      if (keyLength === endMark) {
        if (bytes.length - at < 12) break;
        if (getUint64(bytes, at + 4) !== this.#count) throw imageError('lacks records');
        this.#ended = true;
        at += 12;
        break;
      }
      const valueAt = at + 4 + fieldLength(keyLength);
      if (valueAt + 4 > bytes.length) break;
      const end = valueAt + 4 + fieldLength(view.getUint32(valueAt));
      if (end > bytes.length) break;
      // Copies: a record must not pin the chunk that it came in.
      records.push([bytes.slice(at + 4, valueAt), bytes.slice(valueAt + 4, end)]);
      this.#count++;
      at = end;
    }
    this.#rest = bytes.slice(at);
    if (this.#ended && this.#rest.length > 0) throw imageError('goes on after its end');
    return records;
  }

  finish(): void {
    if (!this.#ended) throw imageError('ends early');
  }
}

function fieldLength(length: number): number {
  if (length > fieldBytesMax) throw imageError(`has a field of ${length} bytes`);
  return length;
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function imageError(what: string): StoreDataError {
  return new StoreDataError(
    'image',
    `a snapshot image ${what}: it is discarded and fetched again from another member`,
  );
}
