import type { Http2Connection } from './connection.js';
import { ConnectionFault } from './errors.js';
import { HeaderAssembly } from './header-assembly.js';
import { HpackError } from './hpack/decoder.js';
import { paddingOf } from './padding.js';
import { ErrorCode, Flag, FrameType } from './protocol.js';

/** Bytes of a deprecated priority (RFC 9113 section 5.3.2), which is read over. */
const priorityBytes = 5;

/** HEADERS and CONTINUATION coming in (RFC 9113 sections 6.2 and 6.10): hands whole header blocks to the connection. */
export class HeaderFrames {
  readonly #connection: Http2Connection;
  readonly #assembly = new HeaderAssembly();

  constructor(connection: Http2Connection) {
    this.#connection = connection;
  }

  /** Section 4.3: nothing may come between the frames of a header block. Throws ConnectionFault. */
  checkOrder(type: number, streamId: number): void {
    const awaited = this.#assembly.streamId;
    if (awaited !== 0 && (type !== FrameType.continuation || streamId !== awaited)) {
      throw new ConnectionFault(ErrorCode.protocolError, 'a header block is interrupted');
    }
  }

  onHeaders(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (streamId === 0) throw new ConnectionFault(ErrorCode.protocolError, 'HEADERS on stream 0');
    let from = start;
    let to = end;
    if ((flags & Flag.padded) !== 0) {
      to -= paddingOf(bytes, start, end);
      from++;
    }
    if ((flags & Flag.priority) !== 0) from += priorityBytes;
    if (from > to) throw new ConnectionFault(ErrorCode.protocolError, 'HEADERS is too short');
    const isEnd = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) === 0) {
      this.#assembly.begin(streamId, isEnd, bytes.subarray(from, to));
    } else {
      this.#onBlock(streamId, bytes, from, to, isEnd);
    }
  }

  onContinuation(flags: number, fragment: Uint8Array): void {
    const { streamId, isEnd } = this.#assembly;
    if (streamId === 0) {
      throw new ConnectionFault(ErrorCode.protocolError, 'CONTINUATION without HEADERS');
    }
    this.#assembly.add(fragment);
    if ((flags & Flag.endHeaders) === 0) return;
    const block = this.#assembly.finish();
    this.#onBlock(streamId, block, 0, block.length, isEnd);
  }

  #onBlock(streamId: number, bytes: Uint8Array, start: number, end: number, isEnd: boolean): void {
    try {
      this.#connection.onHeaderBlock(streamId, bytes, start, end, isEnd);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      throw new ConnectionFault(ErrorCode.compressionError, error.message, { cause: error });
    }
  }
}
