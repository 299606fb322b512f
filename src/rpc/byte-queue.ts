import { assert } from '../base/assert.js';

/** Bytes that have come in chunks and are taken out in other pieces. */
export class ByteQueue {
  readonly #chunks: Buffer[] = [];
  /** Of the first chunk what is gone already. */
  #taken = 0;
  #length = 0;

  /** Bytes that are there. */
  get length(): number {
    return this.#length;
  }

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#length += chunk.length;
  }

  /** The byte at `index`, which stays. */
  byteAt(index: number): number {
    assert(index < this.#length, 'the byte is there');
    let at = index + this.#taken;
    for (const chunk of this.#chunks) {
      if (at < chunk.length) return chunk[at] as number;
      at -= chunk.length;
    }
    return 0;
  }

  /** The first `count` bytes; a part of a chunk where they are in one, which must not be changed then. */
  take(count: number): Buffer {
    assert(count <= this.#length, 'the bytes are there');
    this.#length -= count;
    const [first] = this.#chunks;
    if (first !== undefined && first.length - this.#taken >= count) return this.#cut(first, count);
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const chunk = this.#chunks[0] as Buffer;
      const part = this.#cut(chunk, Math.min(missing, chunk.length - this.#taken));
      missing -= part.length;
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  #cut(first: Buffer, count: number): Buffer {
    const part = first.subarray(this.#taken, this.#taken + count);
    this.#taken += count;
    if (this.#taken === first.length) {
      this.#chunks.shift();
      this.#taken = 0;
    }
    return part;
  }
}
