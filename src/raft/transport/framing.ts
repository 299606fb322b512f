import { viewOf } from '../../base/bytes.js';
import { crc32 } from '../../host/crc32.js';
import { MalformedFrameError } from './byte-codec.js';

/** A frame is its body's length and CRC-32, both 4 bytes little-endian, then the body. */
export const frameHeadBytes = 8;
/** The largest body that is taken. An append carries at least one entry, and a request is far below this. */
export const frameBodyBytesMax = 128 << 20;

/** A frame with this body, in pieces to be written one after the other. */
export function frame(body: readonly Uint8Array[]): Uint8Array[] {
  const head = new Uint8Array(frameHeadBytes);
  const view = viewOf(head);
  let length = 0;
  let checksum = 0;
  for (const piece of body) {
    length += piece.length;
    checksum = crc32(piece, checksum);
  }
  view.setUint32(0, length, true);
  view.setUint32(4, checksum, true);
  return [head, ...body];
}

/** Cuts a stream of chunks into frame bodies. */
export class FrameSplitter {
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** Size of the frame being collected, head included; 0 while its head is not here. */
  #wanted = 0;

  /**
   * Takes the next chunk and calls `onBody` for every frame it completes. Bodies are views of the chunks where they did
   * not cross a border. Throws {@link MalformedFrameError} for a frame that is too large or fails its checksum; the
   * stream cannot be used afterwards.
   */
  push(chunk: Uint8Array, onBody: (body: Uint8Array) => void): void {
    let rest = chunk;
    if (this.#pendingBytes > 0) {
      this.#pending.push(chunk);
      this.#pendingBytes += chunk.length;
      if (this.#pendingBytes < frameHeadBytes || this.#pendingBytes < this.#wanted) return;
      rest = joined(this.#pending, this.#pendingBytes);
    }
    rest = this.#cut(rest, onBody);
    this.#pending = rest.length > 0 ? [rest] : [];
    this.#pendingBytes = rest.length;
  }

  #cut(bytes: Uint8Array, onBody: (body: Uint8Array) => void): Uint8Array {
    let at = 0;
    const view = viewOf(bytes);
    this.#wanted = 0;
    while (bytes.length - at >= frameHeadBytes) {
      const length = view.getUint32(at, true);
      if (length > frameBodyBytesMax) throw new MalformedFrameError(`frame of ${length} bytes`);
      const end = at + frameHeadBytes + length;
      if (end > bytes.length) {
        this.#wanted = end - at;
        break;
      }
      const body = bytes.subarray(at + frameHeadBytes, end);
      if (crc32(body) !== view.getUint32(at + 4, true)) {
        throw new MalformedFrameError('frame fails its checksum');
      }
      onBody(body);
      at = end;
    }
    return bytes.subarray(at);
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
