import { malformed } from './errors.js';

const quote = 0x22;
const backslash = 0x5c;
const openers: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const closers: ReadonlySet<number> = new Set([0x7d, 0x5d]);
const spaces: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Cuts a stream of JSON objects, with or without space between them, into one piece of bytes each, as soon as it is complete. What
 * is in a piece is for others to read: only where it ends is found out here.
 */
export class JsonValues {
  readonly #bytesMax: number;
  /** What has come of an object, in room that doubles: however small the chunks are, it is not much more than that. */
  #room: Uint8Array = new Uint8Array(0);
  #byteLength = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  /** Takes objects of at most so many bytes. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What has become complete with this chunk. Throws `invalidArgument` for what begins no object, and for too large ones. */
  push(chunk: Uint8Array): Uint8Array[] {
    const complete: Uint8Array[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#depth === 0 && this.#isBetween(byte)) {
        start = at + 1;
      } else if (this.#endsWith(byte)) {
        this.#keep(chunk.subarray(start, at + 1));
        complete.push(this.#take());
        start = at + 1;
      }
    }
    this.#keep(chunk.subarray(start));
    return complete;
  }

  /** Whether the stream may end here. */
  get isBetweenValues(): boolean {
    return this.#depth === 0;
  }

  #isBetween(byte: number): boolean {
    if (spaces.has(byte)) return true;
    if (!openers.has(byte)) throw malformed('invalid character where a JSON object must begin');
    return false;
  }

  /** Goes on by a byte, and says whether the outermost object ends with it. */
  #endsWith(byte: number): boolean {
    if (this.#isEscaped) {
      this.#isEscaped = false;
    } else if (this.#isInString) {
      if (byte === backslash) this.#isEscaped = true;
      else if (byte === quote) this.#isInString = false;
    } else if (byte === quote) {
      this.#isInString = true;
    } else if (openers.has(byte)) {
      this.#depth++;
    } else if (closers.has(byte)) {
      this.#depth--;
      return this.#depth === 0;
    }
    return false;
  }

  #keep(piece: Uint8Array): void {
    const byteLength = this.#byteLength + piece.length;
    if (byteLength > this.#bytesMax) {
      throw malformed(`a JSON object is larger than ${this.#bytesMax} bytes`);
    }
    if (byteLength > this.#room.length) {
      const room = new Uint8Array(2 * byteLength);
      room.set(this.#room.subarray(0, this.#byteLength));
      this.#room = room;
    }
    this.#room.set(piece, this.#byteLength);
    this.#byteLength = byteLength;
  }

  #take(): Uint8Array {
    const value = this.#room.subarray(0, this.#byteLength);
    this.#room = new Uint8Array(0);
    this.#byteLength = 0;
    return value;
  }
}
