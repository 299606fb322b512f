import type { Http2Connection } from './connection.js';
import { ConnectionFault } from './errors.js';
import { paddingOf } from './padding.js';
import { ErrorCode, Flag } from './protocol.js';
import type { Http2Stream } from './stream.js';

/** Bytes that a peer may send on a connection before any are given back. */
export const connectionWindowBytes = 8 << 20;

/** DATA coming in and its flow control (RFC 9113 sections 5.2, 6.1 and 6.9). */
export class DataFrames {
  readonly #connection: Http2Connection;
  /** Bytes that the peer may still send on all streams together. */
  #windowBytes = connectionWindowBytes;
  /** Bytes to be given back to that window. */
  #grantableBytes = 0;

  constructor(connection: Http2Connection) {
    this.#connection = connection;
  }

  onFrame(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.#windowBytes -= size;
    if (this.#windowBytes < 0) {
      throw new ConnectionFault(ErrorCode.flowControlError, 'the connection window is exceeded');
    }
    const isPadded = (flags & Flag.padded) !== 0;
    const padding = isPadded ? paddingOf(bytes, start, end) : 0;
    const isEnd = (flags & Flag.endStream) !== 0;
    const connection = this.#connection;
    if (size === 0 && !isEnd) connection.flood.onIdleFrame(connection.activeAtMs);
    const stream = connection.streams.get(streamId);
    if (stream === undefined || stream.hasRemoteEnded) {
      this.grant(size);
      this.#onStray(streamId, stream);
      return;
    }
    stream.receiveWindowBytes -= size;
    stream.ungrantedBytes += size;
    if (stream.receiveWindowBytes < 0) {
      stream.fail(ErrorCode.flowControlError);
      return;
    }
    if (size > 0) stream.onData(bytes, isPadded ? start + 1 : start, end - padding);
    if (isEnd && !stream.isClosed) stream.endRemote();
    if (!stream.isHoldingBack) this.grantReceived(stream);
  }

  /** Section 5.1: DATA for a stream that takes none, because it is idle, or its peer has ended it, or it is closed. */
  #onStray(streamId: number, stream: Http2Stream | undefined): void {
    const connection = this.#connection;
    if (streamId === 0 || connection.isIdle(streamId)) {
      throw new ConnectionFault(ErrorCode.protocolError, `DATA on idle stream ${streamId}`);
    }
    if (stream !== undefined) {
      stream.fail(ErrorCode.streamClosed);
    } else if (!connection.resetIds.has(streamId)) {
      connection.flood.onIdleFrame(connection.activeAtMs);
      connection.writer.rstStream(streamId, ErrorCode.streamClosed);
    }
  }

  /** Gives bytes back to the connection's window, and tells the peer when there are enough to be worth a frame. */
  grant(bytes: number): void {
    this.#grantableBytes += bytes;
    if (this.#grantableBytes < connectionWindowBytes / 4) return;
    this.#windowBytes += this.#grantableBytes;
    this.#connection.writer.windowUpdate(0, this.#grantableBytes);
    this.#connection.touch();
    this.#grantableBytes = 0;
  }

  /** Gives what a stream has received back to its window and to the connection's. */
  grantReceived(stream: Http2Stream): void {
    const bytes = stream.ungrantedBytes;
    if (bytes === 0) return;
    stream.ungrantedBytes = 0;
    this.grant(bytes);
    stream.grantableBytes += bytes;
    const connection = this.#connection;
    if (stream.hasRemoteEnded || stream.isClosed) return;
    if (stream.grantableBytes < connection.streamWindowBytes / 4) return;
    stream.receiveWindowBytes += stream.grantableBytes;
    connection.writer.windowUpdate(stream.id, stream.grantableBytes);
    connection.touch();
    stream.grantableBytes = 0;
  }
}
