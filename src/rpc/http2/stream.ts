import type { Http2Connection } from './connection.js';
import { ErrorCode, Flag } from './protocol.js';

/** Bytes that a stream may have queued before its sender is told to wait. */
export const streamQueueBytesMax = 64 * 1024;
/** Bytes that all streams of a connection may have queued before their senders are told to wait. */
export const connectionQueueBytesMax = 64 << 20;
/** What goes in front of a message: whether it is compressed, and its length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const messagePrefixBytes = 5;

/** A stream of an HTTP/2 connection (RFC 9113 section 5) that carries a call or another request. */
export abstract class Http2Stream {
  readonly id: number;
  readonly connection: Http2Connection;
  /** Bytes that the peer takes now; negative after it made its windows smaller (section 6.9.2). */
  sendWindowBytes: number;
  /** Bytes that the peer may still send. */
  receiveWindowBytes: number;
  /** Bytes received that nobody has taken yet. */
  ungrantedBytes = 0;
  /** Bytes taken, for which the window is to be opened again. */
  grantableBytes = 0;
  /** The peer has sent END_STREAM. */
  hasRemoteEnded = false;
  /** We have sent END_STREAM. */
  hasLocalEnded = false;
  /** Both sides have ended, or one has reset the stream. Invariant: nothing is sent for it any more. */
  isClosed = false;
  /** What waits for a window, in order, and its size. */
  #queue: Uint8Array[] = none;
  #queuedBytes = 0;
  /** Index of the first part of the queue that is not sent; the parts before it are. */
  #queueHead = 0;
  /** {@link writeEnd} is to be called once the queue is empty. */
  #isEnding = false;

  constructor(connection: Http2Connection, id: number) {
    this.connection = connection;
    this.id = id;
    this.sendWindowBytes = connection.peerInitialWindowBytes;
    this.receiveWindowBytes = connection.streamWindowBytes;
  }

  /** Takes payload of a DATA frame. It lies in memory that never changes. */
  abstract onData(bytes: Uint8Array, start: number, end: number): void;
  /** The peer has sent all it has to send. */
  abstract onRemoteEnd(): void;
  /** The stream has ended abnormally: reset by the peer, or by us for its faults, or the connection is gone. */
  protected abstract onAborted(code: number): void;
  /** There is room for more to send. */
  abstract onWritable(): void;
  /** Writes the frame that ends our side. */
  protected abstract writeEnd(): void;
  /** Our side has ended; what happens if the peer's has not is up to the role. Closes the stream if it has. */
  protected abstract onLocalEnd(): void;

  /** Whether received bytes are to be kept from the windows, because nobody takes them. */
  get isHoldingBack(): boolean {
    return false;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Whether a sender should go on. */
  get hasRoom(): boolean {
    const { connection } = this;
    return (
      this.#queuedBytes < streamQueueBytesMax &&
      connection.queuedBytes < connectionQueueBytesMax &&
      !connection.isBacklogged
    );
  }

  /** Sends a message, or queues it when the windows or the connection do not take it now. The last one ends our side. */
  sendMessage(message: Uint8Array, isLast = false): void {
    const size = messagePrefixBytes + message.length;
    const { connection } = this;
    if (this.#queuedBytes === 0 && connection.takes(this, size)) {
      this.#writeDataHeader(size, isLast ? Flag.endStream : 0);
      const { output } = connection;
      output.uint8(0);
      output.uint32(message.length);
      output.append(message);
      connection.touch();
      if (isLast) this.#onEndWritten();
      return;
    }
    const prefix = new Uint8Array(messagePrefixBytes);
    new DataView(prefix.buffer).setUint32(1, message.length);
    this.sendPayload(prefix);
    this.sendPayload(message);
    if (isLast) this.#isEnding = true;
  }

  /** The same for a message in pieces. Returns its length. */
  sendPieces(pieces: readonly Uint8Array[]): number {
    let length = 0;
    for (const piece of pieces) length += piece.length;
    const size = messagePrefixBytes + length;
    const { connection } = this;
    if (this.#queuedBytes === 0 && connection.takes(this, size)) {
      this.#writeDataHeader(size, 0);
      const { output } = connection;
      output.uint8(0);
      output.uint32(length);
      for (const piece of pieces) output.append(piece);
      connection.touch();
      return length;
    }
    const prefix = new Uint8Array(messagePrefixBytes);
    new DataView(prefix.buffer).setUint32(1, length);
    this.sendPayload(prefix);
    for (const piece of pieces) if (piece.length > 0) this.#queue.push(piece);
    this.#queuedBytes += length;
    connection.queuedBytes += length;
    return length;
  }

  /** Queues payload, in whatever form. */
  sendPayload(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const { connection } = this;
    if (this.#queue === none) this.#queue = [];
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    connection.queuedBytes += bytes.length;
    connection.scheduler.add(this);
    connection.touch();
  }

  /** Sends payload as it is, at once when nothing is before it and it can be. The last ends our side. */
  protected sendBody(bytes: Uint8Array, isLast = false): void {
    const { connection } = this;
    if (bytes.length > 0 && this.#queuedBytes === 0 && connection.takes(this, bytes.length)) {
      this.#writeDataHeader(bytes.length, isLast ? Flag.endStream : 0);
      connection.output.append(bytes);
      connection.touch();
      if (isLast) this.#onEndWritten();
      return;
    }
    this.sendPayload(bytes);
    if (isLast) this.#endAfterQueue();
  }

  /** Ends our side after what is queued. */
  end(): void {
    this.#endAfterQueue();
  }

  #endAfterQueue(): void {
    if (this.#queuedBytes > 0) this.#isEnding = true;
    else this.#writeEndNow();
  }

  /** Writes one DATA frame from the queue, as large as the windows allow. The scheduler has checked that they allow any. */
  writeQueued(bytesMax: number): void {
    const size = Math.min(bytesMax, this.#queuedBytes);
    this.#writeDataHeader(size, 0);
    for (let left = size; left > 0; ) {
      const part = this.#queue[this.#queueHead] as Uint8Array;
      if (part.length > left) {
        this.connection.output.append(part.subarray(0, left));
        this.#queue[this.#queueHead] = part.subarray(left);
        break;
      }
      this.connection.output.append(part);
      this.#queue[this.#queueHead++] = sent;
      left -= part.length;
    }
    if (this.#queueHead === this.#queue.length) this.#clearQueue();
    this.#queuedBytes -= size;
    this.connection.queuedBytes -= size;
    if (this.#queuedBytes === 0 && this.#isEnding) this.#writeEndNow();
    else if (this.#queuedBytes <= streamQueueBytesMax / 2) this.onWritable();
  }

  /**
   * Section 5.4.2: the peer broke the rules on this stream. Whoever makes us reset one stream after the other does what it could
   * do itself (CVE-2025-8671), and is counted alike. Throws ConnectionFault when there were too many.
   */
  fail(code: number): void {
    if (this.isClosed) return;
    const { flood, activeAtMs } = this.connection;
    flood.onReset(activeAtMs);
    this.reset(code);
    this.onAborted(code);
  }

  /** Section 6.4: the peer has reset the stream. */
  onPeerReset(code: number): void {
    this.close();
    this.onAborted(code);
  }

  /** The connection is gone. */
  onConnectionOver(): void {
    this.close();
    this.onAborted(ErrorCode.cancel);
  }

  /** The peer has ended its side. */
  endRemote(): void {
    this.hasRemoteEnded = true;
    this.onRemoteEnd();
    if (this.hasLocalEnded && !this.isClosed) this.close();
  }

  /** Tells the peer that the stream is over (section 6.4), and forgets it. */
  reset(code: number): void {
    if (this.isClosed) return;
    const { connection } = this;
    connection.writer.rstStream(this.id, code);
    connection.resetIds.add(this.id);
    connection.touch();
    this.close();
  }

  #writeDataHeader(size: number, flags: number): void {
    const { connection } = this;
    this.sendWindowBytes -= size;
    connection.sendWindowBytes -= size;
    connection.writer.dataHeader(this.id, size, flags);
    connection.hasSentData = true;
    connection.flood.onProgress();
  }

  /** Both sides have ended: forgets the stream. */
  protected close(): void {
    this.isClosed = true;
    this.#clearQueue();
    if (this.#queuedBytes > 0) this.#dropQueuedBytes();
    this.#isEnding = false;
    this.connection.forget(this);
  }

  /** What was queued counts no more: others may have waited for that. */
  #dropQueuedBytes(): void {
    this.connection.queuedBytes -= this.#queuedBytes;
    this.#queuedBytes = 0;
    this.connection.touch();
  }

  #clearQueue(): void {
    this.#queue = none;
    this.#queueHead = 0;
  }

  #writeEndNow(): void {
    this.#isEnding = false;
    this.writeEnd();
    this.#onEndWritten();
  }

  #onEndWritten(): void {
    this.hasLocalEnded = true;
    this.connection.touch();
    this.onLocalEnd();
  }
}

const none: Uint8Array[] = [];
/** Stands for a part of a queue that was sent, so that its memory can go. */
const sent = new Uint8Array(0);
