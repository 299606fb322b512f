import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { frameHeaderBytes } from './protocol.js';

/** Capacity to begin with, and to go back to when a buffer was given away. */
const smallBytes = 4096;
/** A buffer that grew beyond this is not kept for reuse. */
const keptBytesMax = 256 * 1024;

/**
 * What a connection has to send: frames are appended here, and everything that an event-loop turn brought goes out in one
 * write.
 */
export class Output {
  readonly #connection: Duplex;
  /** Sockets let go of a buffer once the kernel has taken it; any other stream may hold on to it. */
  readonly #mayReuse: boolean;
  #bytes: Buffer = Buffer.allocUnsafeSlow(smallBytes);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  constructor(connection: Duplex) {
    this.#connection = connection;
    this.#mayReuse = connection instanceof Socket;
  }

  /** Bytes that the peer has not taken yet, as far as this process knows. */
  get backlogBytes(): number {
    return this.#length + this.#connection.writableLength;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Appends a frame header (RFC 9113 section 4.1), and makes room for the payload. */
  frameHeader(type: number, flags: number, streamId: number, payloadBytes: number): void {
    this.#reserve(frameHeaderBytes + payloadBytes);
    const pos = this.#length;
    const view = this.#view;
    view.setUint32(pos, payloadBytes * 256 + type);
    view.setUint8(pos + 4, flags);
    view.setUint32(pos + 5, streamId);
    this.#length = pos + frameHeaderBytes;
  }

  /** Appends payload. */
  append(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    if (length <= 32) {
      // A call into the runtime costs more than this.
      for (let i = 0, pos = this.#length; i < length; i++, pos++) {
        this.#bytes[pos] = bytes[i] as number;
      }
    } else {
      this.#bytes.set(bytes, this.#length);
    }
    this.#length += length;
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  uint16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value);
    this.#length += 2;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  /** Writes what was appended. */
  flush(): void {
    if (this.#length === 0) return;
    const length = this.#length;
    this.#length = 0;
    const connection = this.#connection;
    connection.write(this.#bytes.subarray(0, length));
    const isTaken = this.#mayReuse && connection.writableLength === 0;
    if (isTaken && this.#bytes.length <= keptBytesMax) return;
    this.#allocate(smallBytes);
  }

  #allocate(bytes: number): void {
    this.#bytes = Buffer.allocUnsafeSlow(bytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const old = this.#bytes;
    this.#allocate(Math.max(old.length * 2, needed));
    this.#bytes.set(old.subarray(0, this.#length));
  }
}
