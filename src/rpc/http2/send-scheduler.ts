import type { Http2Connection } from './connection.js';
import { ConnectionFault } from './errors.js';
import { defaultFrameBytesMax, ErrorCode, windowBytesMax } from './protocol.js';
import type { Http2Stream } from './stream.js';

/** Shares a connection's send window between the streams that have something queued: a frame each in turn. */
export class SendScheduler {
  readonly #connection: Http2Connection;
  /** Streams with queued bytes and a window of their own, whose turn comes in this order. */
  readonly #ready = new Set<Http2Stream>();

  /** Streams whose senders were told to wait. */
  readonly #waiting = new Set<Http2Stream>();

  constructor(connection: Http2Connection) {
    this.#connection = connection;
  }

  /** There is something that could be sent if the connection took it. */
  get hasReady(): boolean {
    return this.#ready.size > 0;
  }

  /** A stream has queued something or its window has opened. */
  add(stream: Http2Stream): void {
    if (stream.queuedBytes > 0 && stream.sendWindowBytes > 0) this.#ready.add(stream);
  }

  /** A stream is closed. */
  delete(stream: Http2Stream): void {
    this.#ready.delete(stream);
    this.#waiting.delete(stream);
  }

  /** Has `stream.onWritable` called when it has room. */
  awaitRoom(stream: Http2Stream): void {
    this.#waiting.add(stream);
  }

  /** Tells the senders whose streams have room. */
  wakeWaiting(): void {
    if (this.#waiting.size === 0 || this.#connection.isBacklogged) return;
    for (const stream of this.#waiting) {
      if (!stream.hasRoom) continue;
      this.#waiting.delete(stream);
      stream.onWritable();
    }
  }

  /**
   * The peer's SETTINGS_INITIAL_WINDOW_SIZE. Section 6.9.2: open streams get the difference; their windows may become negative,
   * but not too large. Throws ConnectionFault.
   */
  resizeWindows(bytes: number): void {
    const connection = this.#connection;
    const difference = bytes - connection.peerInitialWindowBytes;
    connection.peerInitialWindowBytes = bytes;
    for (const stream of connection.streams.values()) {
      stream.sendWindowBytes += difference;
      if (stream.sendWindowBytes > windowBytesMax) {
        throw new ConnectionFault(ErrorCode.flowControlError, 'a window above 2^31-1');
      }
      if (stream.sendWindowBytes > 0) this.add(stream);
      else this.#ready.delete(stream);
    }
  }

  /** Sends until nobody has anything left, the connection's window is closed, or its peer does not read. */
  pump(): void {
    const connection = this.#connection;
    for (const stream of this.#ready) {
      if (connection.sendWindowBytes <= 0 || connection.isBacklogged) return;
      this.#ready.delete(stream);
      stream.writeQueued(
        Math.min(stream.sendWindowBytes, connection.sendWindowBytes, defaultFrameBytesMax),
      );
      // At the end of the set again, so that this loop comes back to it after all others.
      this.add(stream);
    }
  }
}
