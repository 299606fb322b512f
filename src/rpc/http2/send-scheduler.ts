import type { Http2Connection } from './connection.js';
import { defaultFrameBytesMax } from './protocol.js';
import type { Http2Stream } from './stream.js';

/** Shares a connection's send window between the streams that have something queued: a frame each in turn. */
export class SendScheduler {
  readonly #connection: Http2Connection;
  /** Streams with queued bytes and a window of their own, whose turn comes in this order. */
  readonly #ready = new Set<Http2Stream>();

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

  delete(stream: Http2Stream): void {
    this.#ready.delete(stream);
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
