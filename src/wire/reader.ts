import { isUtf8 } from 'node:buffer';
import { depthMax, WireError } from './errors.js';
import { int64ToBigint, int64ToNumber, uint64ToBigint, uint64ToNumber } from './int64.js';

/** The default of every bytes field. */
export const emptyBytes = new Uint8Array(0);

/** Strings up to this size are tried byte by byte, which beats the call into the runtime. */
const shortStringBytesMax = 24;

/**
 * Walks over the bytes of one protobuf message (Protocol Buffers encoding specification). Every method reads one value
 * from the current position and throws {@link WireError}, and nothing else, when the bytes are malformed. After an error
 * the reader is of no more use.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  /** The next byte to read. Invariant: pos <= end. */
  pos = 0;
  /** Where the innermost open message ends. Invariant: end <= bytes.length. */
  end: number;
  /** How many messages are open around the current one. */
  #depth = 0;
  /** The words of the varint read last, as 32-bit patterns. */
  #low = 0;
  #high = 0;

  /** Reads `bytes` in place: what {@link bytes} returns shares its memory. */
  constructor(bytes: Uint8Array) {
    // A Buffer would hand out Buffers: every field is to have one plain type.
    this.#bytes =
      bytes.constructor === Uint8Array
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }

  /** A field's tag: field number * 8 + wire type, with a valid field number. */
  tag(): number {
    const start = this.pos;
    const first = this.#byte();
    if (first < 0x80) {
      if (first < 8) throw new WireError('field-number', start, 'field number 0');
      return first;
    }
    this.#continueVarint(first);
    const tag = this.#low >>> 0;
    if (this.#high !== 0 || tag < 8) {
      throw new WireError('field-number', start, 'a field number outside 1 to 536870911');
    }
    return tag;
  }

  /** True for any number but 0. */
  bool(): boolean {
    const first = this.#byte();
    if (first < 0x80) return first !== 0;
    this.#continueVarint(first);
    return (this.#low | this.#high) !== 0;
  }

  /** A signed 32-bit integer; wider ones lose their upper bits. Enums are read with it, so unknown numbers survive. */
  int32(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    this.#continueVarint(first);
    return this.#low | 0;
  }

  /** An unsigned 32-bit integer; wider ones lose their upper bits. */
  uint32(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    this.#continueVarint(first);
    return this.#low >>> 0;
  }

  /** A signed 64-bit id. */
  int64(): bigint {
    const first = this.#byte();
    if (first < 0x80) return BigInt(first);
    this.#continueVarint(first);
    return int64ToBigint(this.#low, this.#high);
  }

  /** An unsigned 64-bit id. */
  uint64(): bigint {
    const first = this.#byte();
    if (first < 0x80) return BigInt(first);
    this.#continueVarint(first);
    return uint64ToBigint(this.#low, this.#high);
  }

  /** A signed 64-bit counter, clamped to the safe range. */
  int64Number(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    this.#continueVarint(first);
    return int64ToNumber(this.#low, this.#high);
  }

  /** An unsigned 64-bit counter, clamped to the safe range. */
  uint64Number(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    this.#continueVarint(first);
    return uint64ToNumber(this.#low, this.#high);
  }

  /** A 64-bit floating point number. */
  double(): number {
    const start = this.pos;
    this.#advance(8);
    const { buffer, byteOffset } = this.#bytes;
    return new DataView(buffer, byteOffset + start, 8).getFloat64(0, true);
  }

  /** Length-prefixed bytes, as a view of the input: copy what outlives it. */
  bytes(): Uint8Array {
    const length = this.#length();
    if (length === 0) return emptyBytes;
    const start = this.pos;
    this.pos = start + length;
    return this.#bytes.subarray(start, this.pos);
  }

  /** A length-prefixed UTF-8 string. A byte order mark is a character like any other. */
  string(): string {
    const length = this.#length();
    const start = this.pos;
    this.pos = start + length;
    if (length <= shortStringBytesMax) {
      const ascii = this.#shortAscii(start, this.pos);
      if (ascii !== undefined) return ascii;
    }
    const bytes = this.#bytes.subarray(start, this.pos);
    if (!isUtf8(bytes)) throw new WireError('utf8', start, 'a string that is not UTF-8');
    return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('utf8');
  }

  /**
   * Opens a nested message: reads its length and narrows the reader to it. Returns what {@link leave} needs to go back.
   */
  enter(): number {
    if (this.#depth === depthMax) {
      throw new WireError('depth', this.pos, `messages nested deeper than ${depthMax}`);
    }
    this.#depth++;
    return this.narrow();
  }

  /** Closes the message that {@link enter} opened; all of it has been read. */
  leave(outerEnd: number): void {
    this.#depth--;
    this.end = outerEnd;
  }

  /** Narrows the reader to a length-prefixed run of packed numbers; {@link widen} goes back. */
  narrow(): number {
    const length = this.#length();
    const outerEnd = this.end;
    this.end = this.pos + length;
    return outerEnd;
  }

  /** Undoes {@link narrow} after the run has been read. */
  widen(outerEnd: number): void {
    this.end = outerEnd;
  }

  /**
   * Passes over the value of a field that the message does not declare. `isDeclared` says that the message knows the
   * field number after all: then its wire type is wrong.
   */
  skip(tag: number, isDeclared: boolean): void {
    if (isDeclared) throw this.#wireTypeError(tag);
    switch (tag & 7) {
      case 0:
        this.#continueVarint(this.#byte());
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.#advance(this.#length());
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw this.#wireTypeError(tag);
    }
  }

  #wireTypeError(tag: number): WireError {
    return new WireError('wire-type', this.pos, `field ${tag >>> 3} with wire type ${tag & 7}`);
  }

  #advance(count: number): void {
    if (count > this.end - this.pos) throw this.#truncatedError();
    this.pos += count;
  }

  #truncatedError(): WireError {
    return new WireError('truncated', this.pos, 'the input ends inside a value');
  }

  #byte(): number {
    if (this.pos >= this.end) throw this.#truncatedError();
    return this.#bytes[this.pos++] as number;
  }

  #length(): number {
    const start = this.pos;
    const length = this.#lengthValue();
    if (length > this.end - this.pos) {
      throw new WireError('truncated', start, `a length of ${length} points past the end`);
    }
    return length;
  }

  /** An unsigned varint as a number; anything past 32 bits is infinite (it only serves lengths). */
  #lengthValue(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    this.#continueVarint(first);
    return this.#high === 0 ? this.#low >>> 0 : Number.POSITIVE_INFINITY;
  }

  /** The string of ASCII bytes [start, end), or undefined when one of them is not ASCII. */
  #shortAscii(start: number, end: number): string | undefined {
    let text = '';
    for (let i = start; i < end; i++) {
      const byte = this.#bytes[i] as number;
      if (byte >= 0x80) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Reads the rest of a varint after its first byte, into #low and #high. */
  #continueVarint(first: number): void {
    let low = first & 0x7f;
    let high = 0;
    let byte = first;
    for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
      byte = this.#byte();
      low |= (byte & 0x7f) << shift;
    }
    if (byte >= 0x80) {
      byte = this.#byte();
      low |= (byte & 0x7f) << 28;
      high = (byte & 0x7f) >>> 4;
    }
    for (let shift = 3; byte >= 0x80 && shift <= 31; shift += 7) {
      byte = this.#byte();
      if (shift === 31 && byte > 1) {
        throw new WireError('varint-overflow', this.pos, 'a varint that does not fit 64 bits');
      }
      high |= (byte & 0x7f) << shift;
    }
    this.#low = low;
    this.#high = high;
  }
}
