import { getSafeUint64, setSafeUint64, viewOf } from '../../base/bytes.js';

/** A frame that is not what it should be. The connection it came over is closed. */
export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError';
}

const initialBytes = 256;

/** Builds one frame in a growing buffer. Integers are little-endian. */
export class ByteWriter {
  #bytes = new Uint8Array(initialBytes);
  #view = viewOf(this.#bytes);
  #length = 0;

  uint8(value: number): void {
    const at = this.reserve(1);
    this.#bytes[at] = value;
  }

  uint32(value: number): void {
    const at = this.reserve(4);
    this.#view.setUint32(at, value, true);
  }

  /** A non-negative safe integer in 8 bytes. */
  safeUint64(value: number): void {
    const at = this.reserve(8);
    setSafeUint64(this.#view, at, value);
  }

  uint64(value: bigint): void {
    const at = this.reserve(8);
    this.#view.setBigUint64(at, value, true);
  }

  /** The bytes with their length before them. */
  bytes(value: Uint8Array): void {
    this.uint32(value.length);
    const at = this.reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** Makes room for `length` bytes, to be filled by the caller through {@link target}; returns where they start. */
  reserve(length: number): number {
    const at = this.#length;
    const end = at + length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#length = end;
    return at;
  }

  /** The buffer as it is now; replaced by the next growth. */
  get target(): Uint8Array {
    return this.#bytes;
  }

  /** What was written, not copied. The writer must not be used again. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = viewOf(grown);
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
