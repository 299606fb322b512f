import { ErrorCode, streamIdMax } from './protocol.js';
import type { ServerConnection } from './server-connection.js';

/** Milliseconds to wait for calls that the client started before it knew. */
const lastCallsMsMax = 1000;
/** Payload of the PING whose answer tells that the client knows. */
const farewellPing = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2);

/**
 * How a server leaves a connection without losing a call (RFC 9113 section 6.8): it announces the end, takes the calls that were
 * on their way, says which were the last, and closes when they are done.
 */
export class Farewell {
  readonly #connection: ServerConnection;
  /** 'announced': GOAWAY has been sent, calls are still taken. 'final': no new calls are. */
  #phase: 'none' | 'announced' | 'final' = 'none';

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  /** No new calls are taken. */
  get isFinal(): boolean {
    return this.#phase === 'final';
  }

  /** Begins, once. */
  announce(): void {
    const connection = this.#connection;
    if (this.#phase !== 'none' || connection.isOver) return;
    this.#phase = 'announced';
    connection.writer.goaway(streamIdMax, ErrorCode.noError, '');
    connection.writer.ping(farewellPing, false);
    connection.touch();
    connection.timers.set(lastCallsMsMax, () => this.#finish());
  }

  /** The client has answered a PING. */
  onPong(payload: Uint8Array): void {
    if (payload[7] === farewellPing[7] && this.#phase === 'announced') this.#finish();
  }

  #finish(): void {
    const connection = this.#connection;
    if (this.#phase === 'final' || connection.isOver) return;
    this.#phase = 'final';
    connection.writer.goaway(connection.lastPeerStreamId, ErrorCode.noError, '');
    connection.touch();
    this.onStreamClosed();
  }

  /** A call is over: it may have been the last. */
  onStreamClosed(): void {
    const connection = this.#connection;
    if (this.isFinal && connection.streams.size === 0)
      connection.clock.defer(() => connection.end());
  }
}
