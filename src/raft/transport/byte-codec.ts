import { getSafeUint64, setSafeUint64, viewOf } from '../../base/bytes.js';

/** A frame that is not what it should be. The connection it came over is closed. */
export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError';
}

const initialBytes = 128;
/** Shorter byte strings are copied: a piece of its own would cost more. */
const copiedBytesMax = 64;

/** Builds one frame: what is small is gathered in a buffer that grows, what is large stays where it is. Integers are little-endian. */
export class ByteWriter {
  #bytes = new Uint8Array(initialBytes);
  #view = viewOf(this.#bytes);
  /** What is gathered after the last piece: from, and to. */
  #start = 0;
  #length = 0;
  readonly #pieces: Uint8Array[] = [];

  uint8(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  uint32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }

  /** A non-negative safe integer in 8 bytes. */
  safeUint64(value: number): void {
    const at = this.#reserve(8);
    setSafeUint64(this.#view, at, value);
  }

  uint64(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value, true);
  }

  /** The bytes with their length before them. */
  bytes(value: Uint8Array): void {
    this.uint32(value.length);
    this.piece(value);
  }

  /** The bytes as they are; large ones are not copied. */
  piece(value: Uint8Array): void {
    if (value.length <= copiedBytesMax) {
      const at = this.#reserve(value.length);
      this.#bytes.set(value, at);
      return;
    }
    this.#endGathered();
    this.#pieces.push(value);
  }

  /** What was written, in pieces. The writer must not be used again. */
  finish(): Uint8Array[] {
    this.#endGathered();
    return this.#pieces;
  }

  #endGathered(): void {
    if (this.#length > this.#start) {
      this.#pieces.push(this.#bytes.subarray(this.#start, this.#length));
    }
    this.#start = this.#length;
  }

  #reserve(length: number): number {
    const at = this.#length;
    const end = at + length;
    if (end > this.#bytes.length) return this.#grow(length);
    this.#length = end;
    return at;
  }

  /** What is gathered moves to a larger buffer; pieces that were ended keep the old one. */
  #grow(needed: number): number {
    const gathered = this.#length - this.#start;
    const grown = new Uint8Array(Math.max(gathered + needed, this.#bytes.length) * 2);
    grown.set(this.#bytes.subarray(this.#start, this.#length));
    this.#bytes = grown;
    this.#view = viewOf(grown);
    this.#start = 0;
    this.#length = gathered + needed;
    return gathered;
  }
}

/** Reads one frame; throws {@link MalformedFrameError} where it is short or out of range. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** A byte that must be 0 or 1. */
  boolean(): boolean {
    const value = this.uint8();
    if (value > 1) throw new MalformedFrameError(`boolean byte ${value}`);
    return value === 1;
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  safeUint64(): number {
    const value = getSafeUint64(this.#view, this.#take(8));
    if (!Number.isSafeInteger(value)) throw new MalformedFrameError('integer beyond 2^53');
    return value;
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A view of length-prefixed bytes, not a copy. */
  bytes(): Uint8Array {
    const length = this.uint32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Everything that is left, as a view. */
  rest(): Uint8Array {
    const at = this.#take(this.#bytes.length - this.#at);
    return this.#bytes.subarray(at);
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.#at !== this.#bytes.length) {
      throw new MalformedFrameError(`${this.#bytes.length - this.#at} bytes too many`);
    }
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new MalformedFrameError('frame is too short');
    this.#at = at + length;
    return at;
  }
}
