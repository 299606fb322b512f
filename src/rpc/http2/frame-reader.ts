import { assert } from '../../base/assert.js';
import { ConnectionFault } from './errors.js';
import { defaultFrameBytesMax, ErrorCode, frameHeaderBytes } from './protocol.js';

/** Takes a frame. Its payload is `bytes[start, end)`; the bytes are the reader's until then, and never change after. */
export interface FrameSink {
  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void;
}

/**
 * Cuts the input of a connection into frames (RFC 9113 section 4). Frames are handed over where they lie in the chunk that
 * the socket read; only one that crosses chunks is copied together.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  /** The beginning of a frame whose rest is still to come; as large as the frame once its header is complete. */
  #partial: Uint8Array = none;
  #partialBytes = 0;
  /** Nothing is handed over any more. */
  #isStopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Ends the reading, from within a sink too. */
  stop(): void {
    this.#isStopped = true;
    this.#partial = none;
  }

  /** Hands over the frames that `chunk` completes, from `start` on. Throws what the sink throws, and ConnectionFault. */
  push(chunk: Uint8Array, start: number): void {
    if (this.#isStopped) return;
    let pos = this.#partialBytes > 0 ? this.#complete(chunk, start) : start;
    const end = chunk.length;
    while (!this.#isStopped && end - pos >= frameHeaderBytes) {
      const frameEnd = pos + frameHeaderBytes + payloadBytes(chunk, pos);
      if (frameEnd > end) break;
      this.#handOver(chunk, pos, frameEnd);
      pos = frameEnd;
    }
    if (!this.#isStopped && pos < end) this.#keep(chunk, pos);
  }

  #handOver(bytes: Uint8Array, pos: number, frameEnd: number): void {
    const streamId =
      (((bytes[pos + 5] as number) & 0x7f) << 24) |
      ((bytes[pos + 6] as number) << 16) |
      ((bytes[pos + 7] as number) << 8) |
      (bytes[pos + 8] as number);
    this.#sink.onFrame(
      bytes[pos + 3] as number,
      bytes[pos + 4] as number,
      streamId,
      bytes,
      pos + frameHeaderBytes,
      frameEnd,
    );
  }

  /** Adds to the partial frame what of the chunk belongs to it; returns where the next frame starts. */
  #complete(chunk: Uint8Array, start: number): number {
    let pos = start;
    if (this.#partialBytes < frameHeaderBytes) {
      pos = this.#fill(chunk, pos, frameHeaderBytes);
      if (this.#partialBytes < frameHeaderBytes) return pos;
      this.#makeRoom();
    }
    pos = this.#fill(chunk, pos, this.#partial.length);
    if (this.#partialBytes < this.#partial.length) return pos;
    const frame = this.#partial;
    this.#partial = none;
    this.#partialBytes = 0;
    this.#handOver(frame, 0, frame.length);
    return pos;
  }

  /** Copies from `chunk[pos...]` until the partial frame has `bytes`; returns the position after what was taken. */
  #fill(chunk: Uint8Array, pos: number, bytes: number): number {
    const taken = Math.min(bytes - this.#partialBytes, chunk.length - pos);
    this.#partial.set(chunk.subarray(pos, pos + taken), this.#partialBytes);
    this.#partialBytes += taken;
    return pos + taken;
  }

  #keep(chunk: Uint8Array, pos: number): void {
    const rest = chunk.length - pos;
    if (rest < frameHeaderBytes) {
      this.#partial = new Uint8Array(frameHeaderBytes);
    } else {
      this.#partial = uncleared(frameHeaderBytes + payloadBytes(chunk, pos));
    }
    assert(this.#partialBytes === 0);
    this.#fill(chunk, pos, rest);
  }

  /** The header is complete: makes room for the payload. */
  #makeRoom(): void {
    const frame = uncleared(frameHeaderBytes + payloadBytes(this.#partial, 0));
    frame.set(this.#partial);
    this.#partial = frame;
  }
}

/** The length of a frame's payload. Section 4.2: more than we announced is FRAME_SIZE_ERROR, before any of it is read. */
function payloadBytes(bytes: Uint8Array, pos: number): number {
  const length =
    ((bytes[pos] as number) << 16) | ((bytes[pos + 1] as number) << 8) | (bytes[pos + 2] as number);
  if (length > defaultFrameBytesMax) {
    throw new ConnectionFault(
      ErrorCode.frameSizeError,
      `a frame of ${length} bytes is larger than ${defaultFrameBytesMax}`,
    );
  }
  return length;
}

/** Memory that is written before it is read. */
function uncleared(bytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}

const none = new Uint8Array(0);
