import { assert } from '../base/assert.js';
import {
  assertInt64Bigint,
  assertInt64Number,
  assertUint64Bigint,
  assertUint64Number,
  highWordOfBigint,
  highWordOfNumber,
  lowWordOfBigint,
  lowWordOfNumber,
} from './int64.js';

/** Messages that fit are built in a slab of this size, one in front of the other, and handed out without a copy. */
const slabBytes = 8 * 1024;
/** The memory for larger messages is kept from one to the next up to this size. */
const largeBytesKept = 64 * 1024;
/** Strings up to this length are tried character by character, which beats two calls into the runtime. */
const shortStringLengthMax = 40;

/**
 * Builds the bytes of a protobuf message from its end to its beginning. That way the length of a nested message is
 * known when its prefix is due, in one pass and without moving bytes. So everything is written in reverse: the last
 * field first, and of a field first the value, then the tag. The bytes themselves come out in field order.
 */
export class Writer {
  /** What is written to: the slab, or the memory of a message too large for it. */
  #memory: Uint8Array = new Uint8Array(0);
  /** The same memory as #memory, for the runtime's UTF-8 encoder. */
  #buffer: Buffer = Buffer.alloc(0);
  /** The written bytes are [start, end). */
  #start = 0;
  #end = 0;
  /** The slab while #memory is another, and where its handed out bytes start. */
  #slab: Buffer | undefined;
  #slabEnd = 0;
  /** Memory of an earlier large message, free for the next one. */
  #large: Buffer | undefined;

  /** How many bytes have been written since the last {@link reset}. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Forgets what has been written. */
  reset(): void {
    if (this.#slab !== undefined) this.#backToSlab(this.#slab);
    this.#start = this.#end;
  }

  /**
   * Returns what has been written, and resets. Nothing else ever writes to these bytes, but small results share an
   * ArrayBuffer: who holds one for long holds up to 8 KiB.
   */
  finish(): Uint8Array {
    if (this.#slab !== undefined) return this.#finishLarge(this.#slab);
    const result = this.#memory.subarray(this.#start, this.#end);
    this.#end = this.#start;
    return result;
  }

  #finishLarge(slab: Buffer): Uint8Array {
    const memory = this.#memory;
    // A message that fills most of its memory keeps it: a copy would cost more than the slack.
    const isKept = memory.length > largeBytesKept && this.size >= memory.length * 0.75;
    const result = isKept ? memory.subarray(this.#start) : memory.slice(this.#start);
    if (memory.length <= largeBytesKept) this.#large = this.#buffer;
    this.#backToSlab(slab);
    this.#start = this.#end;
    return result;
  }

  /** Writes the tag of the field whose value has just been written. */
  tag(tag: number): void {
    this.uint32(tag);
  }

  /** Writes the length of everything since {@link size} was `sizeBefore`: a nested message or a packed run. */
  length(sizeBefore: number): void {
    this.uint32(this.size - sizeBefore);
  }

  bool(value: boolean): void {
    this.#reserve(1);
    this.#memory[--this.#start] = value ? 1 : 0;
  }

  /** An integer in -2^31 to 2^31-1, or an enum's number. */
  int32(value: number): void {
    assert(value === (value | 0), 'an int32 is out of range');
    if (value >= 0) this.uint32(value);
    else this.#varint(value, -1);
  }

  /** An integer in 0 to 2^32-1. */
  uint32(value: number): void {
    assert(value === value >>> 0, 'a uint32 is out of range');
    if (value < 0x80) {
      this.#reserve(1);
      this.#memory[--this.#start] = value;
    } else {
      this.#varint(value, 0);
    }
  }

  /** A signed 64-bit id. */
  int64(value: bigint): void {
    assertInt64Bigint(value);
    this.#varint(lowWordOfBigint(value), highWordOfBigint(value));
  }

  /** An unsigned 64-bit id. */
  uint64(value: bigint): void {
    assertUint64Bigint(value);
    this.#varint(lowWordOfBigint(value), highWordOfBigint(value));
  }

  /** A signed 64-bit counter; a safe integer. */
  int64Number(value: number): void {
    assertInt64Number(value);
    this.#varint(lowWordOfNumber(value), highWordOfNumber(value));
  }

  /** An unsigned 64-bit counter; a safe integer of 0 or more. */
  uint64Number(value: number): void {
    assertUint64Number(value);
    this.#varint(lowWordOfNumber(value), highWordOfNumber(value));
  }

  /** A 64-bit floating point number. */
  double(value: number): void {
    this.#reserve(8);
    this.#start -= 8;
    this.#buffer.writeDoubleLE(value, this.#start);
  }

  /** Bytes with their length. */
  bytes(value: Uint8Array): void {
    this.raw(value);
    this.uint32(value.length);
  }

  /** Bytes as they are: a message that is encoded already, or a frame's header. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#start -= value.length;
    this.#memory.set(value, this.#start);
  }

  /** A string as UTF-8 with its length. A lone surrogate becomes U+FFFD. */
  string(value: string): void {
    if (value.length > shortStringLengthMax || !this.#shortAscii(value)) {
      const length = Buffer.byteLength(value);
      this.#reserve(length);
      this.#start -= length;
      this.#buffer.write(value, this.#start, length, 'utf8');
      this.uint32(length);
    }
  }

  /** Writes a short string and its length if it is ASCII; false, and nothing written, if not. */
  #shortAscii(value: string): boolean {
    const { length } = value;
    this.#reserve(length + 1);
    const start = this.#start - length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return false;
      this.#memory[start + i] = code;
    }
    this.#memory[start - 1] = length;
    this.#start = start - 1;
    return true;
  }

  /** Writes the 64-bit varint of two words, given as 32-bit patterns. */
  #varint(low: number, high: number): void {
    const size = varintSize(low >>> 0, high >>> 0);
    this.#reserve(size);
    this.#start -= size;
    const memory = this.#memory;
    const last = this.#start + size - 1;
    for (let at = this.#start; at < last; at++) {
      memory[at] = (low & 0x7f) | 0x80;
      low = (low >>> 7) | (high << 25);
      high >>>= 7;
    }
    memory[last] = low & 0x7f;
  }

  /** Makes room for `count` more bytes before the written ones. */
  #reserve(count: number): void {
    if (count > this.#start) this.#grow(count);
  }

  /** Moves to memory with room for `count` more bytes: a new slab, or for a large message memory of its own. */
  #grow(count: number): void {
    const { size } = this;
    const needed = size + count;
    const written = this.#memory.subarray(this.#start, this.#end);
    if (this.#slab === undefined && needed <= slabBytes / 2) {
      this.#use(Buffer.allocUnsafeSlow(slabBytes));
    } else {
      if (this.#slab === undefined) {
        this.#slab = this.#buffer;
        this.#slabEnd = this.#end;
      }
      this.#use(this.#takeLarge(needed));
    }
    this.#start = this.#end - size;
    this.#memory.set(written, this.#start);
  }

  /** Memory for at least `needed` bytes; not cleared, for no byte is handed out that was not written. */
  #takeLarge(needed: number): Buffer {
    const kept = this.#large;
    this.#large = undefined;
    if (kept !== undefined && kept.length >= needed) return kept;
    // The first growth fits one big value closely, later ones double.
    const length = Math.max(needed + 256, this.#memory.length * 2);
    return Buffer.allocUnsafeSlow(length);
  }

  #backToSlab(slab: Buffer): void {
    this.#use(slab);
    this.#end = this.#slabEnd;
    this.#slab = undefined;
  }

  #use(buffer: Buffer): void {
    this.#buffer = buffer;
    this.#memory = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
    this.#end = buffer.length;
  }
}

/** How many bytes the varint of two unsigned words takes, 1 to 10. */
function varintSize(low: number, high: number): number {
  const bits = high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high);
  return bits === 0 ? 1 : Math.ceil(bits / 7);
}

let scratch: Writer | undefined;

/**
 * The writer that all `encode` calls of this thread share, reset. It is for synchronous use only: the caller calls
 * {@link Writer.finish} before anything else can encode.
 */
export function scratchWriter(): Writer {
  scratch ??= new Writer();
  scratch.reset();
  return scratch;
}
