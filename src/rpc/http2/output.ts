import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { frameHeaderBytes } from './protocol.js';

/** Sizes of a slab: to begin with, as most connections say little, and at most. */
const slabBytesMin = 4096;
const slabBytesMax = 64 * 1024;
/** Payload from this size on is handed to the transport where it lies; smaller parts are copied together. */
const referencedBytesMin = 4096;

/**
 * What a connection has to send: frames are appended here, and everything that an event-loop turn brought goes out in one
 * write.
 */
export class Output {
  readonly #connection: Duplex;
  /** Sockets let go of a buffer once the kernel has taken it; any other stream may hold on to it. */
  readonly #mayReuse: boolean;
  /** What is appended is copied to `#slab[#end...]`; from `#start` on it is not in `#parts`. */
  #slab: Buffer = Buffer.allocUnsafeSlow(slabBytesMin);
  #view = new DataView(this.#slab.buffer);
  #start = 0;
  #end = 0;
  /** What comes before that, and its size. */
  #parts: Uint8Array[] = [];
  #partsBytes = 0;

  constructor(connection: Duplex) {
    this.#connection = connection;
    this.#mayReuse = connection instanceof Socket;
  }

  /** Bytes that the peer has not taken yet, as far as this process knows. */
  get backlogBytes(): number {
    return this.#partsBytes + this.#end - this.#start + this.#connection.writableLength;
  }

  get isEmpty(): boolean {
    return this.#end === this.#start && this.#parts.length === 0;
  }

  /** Appends a frame header (RFC 9113 section 4.1); the payload is to be appended next. */
  frameHeader(type: number, flags: number, streamId: number, payloadBytes: number): void {
    this.#reserve(frameHeaderBytes);
    const pos = this.#end;
    const view = this.#view;
    view.setUint32(pos, payloadBytes * 256 + type);
    view.setUint8(pos + 4, flags);
    view.setUint32(pos + 5, streamId);
    this.#end = pos + frameHeaderBytes;
  }

  /** Appends payload, which does not change any more. */
  append(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length >= referencedBytesMin) {
      this.#cut();
      this.#push(bytes);
      return;
    }
    this.#reserve(length);
    if (length <= 32) {
      // A call into the runtime costs more than this.
      for (let i = 0, pos = this.#end; i < length; i++, pos++) {
        this.#slab[pos] = bytes[i] as number;
      }
    } else {
      this.#slab.set(bytes, this.#end);
    }
    this.#end += length;
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#slab[this.#end++] = value;
  }

  uint16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#end, value);
    this.#end += 2;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#end, value);
    this.#end += 4;
  }

  /** Writes what was appended. */
  flush(): void {
    if (this.isEmpty) return;
    const connection = this.#connection;
    if (this.#parts.length === 0) {
      connection.write(this.#slab.subarray(this.#start, this.#end));
      this.#start = this.#end;
    } else {
      this.#cut();
      const parts = this.#parts;
      this.#parts = [];
      this.#partsBytes = 0;
      connection.cork();
      for (const part of parts) connection.write(part);
      connection.uncork();
    }
    // Nothing of the slab is on its way any more.
    if (this.#mayReuse && connection.writableLength === 0) {
      this.#start = 0;
      this.#end = 0;
    }
  }

  /** Moves what the slab holds to the parts. */
  #cut(): void {
    if (this.#end === this.#start) return;
    this.#push(this.#slab.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#partsBytes += part.length;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#slab.length) return;
    this.#cut();
    const size = Math.max(bytes, Math.min(slabBytesMax, this.#slab.length * 2));
    this.#slab = Buffer.allocUnsafeSlow(size);
    this.#view = new DataView(this.#slab.buffer);
    this.#start = 0;
    this.#end = 0;
  }
}
