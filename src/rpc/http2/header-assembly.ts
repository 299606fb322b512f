import { ConnectionFault } from './errors.js';
import { ErrorCode } from './protocol.js';

/** Encoded bytes of one header block; a larger one ends the connection, for it would have to be decoded to go on. */
export const headerBlockBytesMax = 256 * 1024;
/** Frames that a header block may come in. Full ones are 16 KiB; nobody has a reason for many small ones. */
const framesMax = 64;

/** Puts together a header block that does not fit a frame (RFC 9113 section 6.10). */
export class HeaderAssembly {
  /** The stream whose block is incomplete, or 0. While there is one, only its CONTINUATION may come (section 6.2). */
  streamId = 0;
  /** Whether the HEADERS frame ended the stream. */
  isEnd = false;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** Takes the fragment of a HEADERS frame that is not the whole block. */
  begin(streamId: number, isEnd: boolean, fragment: Uint8Array): void {
    this.streamId = streamId;
    this.isEnd = isEnd;
    this.#parts = [];
    this.#bytes = 0;
    this.add(fragment);
  }

  /** Takes another fragment, copying it. Throws ConnectionFault beyond the limits (CVE-2024-27316). */
  add(fragment: Uint8Array): void {
    this.#bytes += fragment.length;
    if (this.#bytes > headerBlockBytesMax || this.#parts.length >= framesMax) {
      throw new ConnectionFault(ErrorCode.enhanceYourCalm, 'a header block is too large');
    }
    this.#parts.push(fragment.slice());
  }

  /** The block is complete. */
  finish(): Uint8Array {
    this.streamId = 0;
    const parts = this.#parts;
    this.#parts = [];
    return Buffer.concat(parts);
  }
}
