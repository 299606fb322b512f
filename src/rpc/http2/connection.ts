import type { Duplex } from 'node:stream';
import { assert } from '../../base/assert.js';
import type { Clock, Timer } from '../../base/clock.js';
import { ControlFrames } from './control-frames.js';
import { DataFrames } from './data-frames.js';
import { ConnectionFault } from './errors.js';
import { FloodGuard } from './flood-guard.js';
import type { FlushQueue } from './flush-queue.js';
import { FrameReader, type FrameSink } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import { HeaderFrames } from './header-frames.js';
import { HpackDecoder } from './hpack/decoder.js';
import { HpackEncoder } from './hpack/encoder.js';
import { Output } from './output.js';
import type { PingPolicy } from './ping-policy.js';
import {
  defaultFrameBytesMax,
  defaultHeaderTableBytes,
  defaultWindowBytes,
  ErrorCode,
  FrameType,
} from './protocol.js';
import { RecentIds } from './recent-ids.js';
import { SendScheduler } from './send-scheduler.js';
import type { PeerSettings } from './settings.js';
import type { Http2Stream } from './stream.js';
import { StreamTable } from './stream-table.js';
import { TimerGroup } from './timer-group.js';

/** Bytes waiting for the peer to read beyond which nothing is added but what the protocol demands. */
const backlogBytesMax = 1 << 20;
/** Milliseconds that a peer has for taking a whole backlog. Who takes longer than that for a megabyte is as good as gone. */
const backlogMsMax = 120_000;
/** Milliseconds that a peer has for its SETTINGS and for taking ours into use. */
const handshakeMsMax = 10_000;
/** When this process stood still that long, what the peer has sent is still to be read: the next timer comes after that. */
const readMs = 1;
/** Milliseconds that a peer has for closing its side after we have closed ours. */
const closeMsMax = 1000;

/** What a connection is made with. */
export interface ConnectionOptions {
  readonly duplex: Duplex;
  readonly clock: Clock;
  readonly flushQueue: FlushQueue;
  /** Our SETTINGS_INITIAL_WINDOW_SIZE. */
  readonly streamWindowBytes: number;
  /** What is agreed with the peer about its PINGs, if anything. */
  readonly pings?: PingPolicy;
}

/**
 * One HTTP/2 connection (RFC 9113): frames in, frames out, flow control, the life of streams. What a stream means is up
 * to the two kinds of connection, a server's and a client's.
 */
export abstract class Http2Connection implements FrameSink {
  readonly clock: Clock;
  readonly output: Output;
  readonly writer: FrameWriter;
  readonly decoder = new HpackDecoder(defaultHeaderTableBytes);
  readonly encoder = new HpackEncoder();
  readonly scheduler = new SendScheduler(this);
  readonly flood: FloodGuard;
  readonly data = new DataFrames(this);
  /** The streams that are open or half-closed (section 5.1). */
  readonly streams = new StreamTable<Http2Stream>();
  /** Streams that we have reset: what the peer sent before it knew is ignored (section 5.1, "closed"). */
  readonly resetIds = new RecentIds();
  readonly streamWindowBytes: number;
  /** The peer's SETTINGS_INITIAL_WINDOW_SIZE. */
  peerInitialWindowBytes = defaultWindowBytes;
  /** Bytes of DATA that the peer takes on all streams together. */
  sendWindowBytes = defaultWindowBytes;
  /** Bytes of DATA that wait for a window, of all streams together. */
  queuedBytes = 0;
  /** When something was read last, or the peer took what had piled up. */
  activeAtMs: number;
  protected readonly duplex: Duplex;
  /** What ends with the connection. */
  readonly timers: TimerGroup;
  readonly #reader: FrameReader;
  readonly #headers = new HeaderFrames(this);
  readonly #control = new ControlFrames(this);
  readonly #flushQueue: FlushQueue;
  /** Data has been sent since the last PING came. */
  hasSentData = false;
  /** Payload of a PING whose answer is to go after what else there is to send. */
  #unansweredPing: Uint8Array | null = null;
  /** A flush is due at the end of this turn. */
  #isFlushDue = false;
  /** Ends a connection whose peer does not read; there while it is backlogged. */
  #backlogTimer: Timer | null = null;
  /** Nothing is read or sent any more. */
  #isOver = false;

  constructor({ duplex, clock, flushQueue, streamWindowBytes, pings }: ConnectionOptions) {
    this.duplex = duplex;
    this.clock = clock;
    this.#flushQueue = flushQueue;
    this.streamWindowBytes = streamWindowBytes;
    this.activeAtMs = clock.now();
    this.flood = new FloodGuard(pings ?? null);
    this.timers = new TimerGroup(clock);
    this.output = new Output(duplex);
    this.writer = new FrameWriter(this.output);
    this.#reader = new FrameReader(this);
  }

  /** Section 5.1.1: whether no stream of this identifier was opened yet. */
  abstract isIdle(streamId: number): boolean;
  /** A whole header block has come. It has to be decoded in any case (section 4.3). Throws HpackError, ConnectionFault. */
  abstract onHeaderBlock(
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isEnd: boolean,
  ): void;
  /** The answer to a PING. */
  abstract onPong(payload: Uint8Array): void;
  /** Section 6.8: the peer is going away; it has not processed streams above the identifier, and will not. */
  abstract onGoaway(lastStreamId: number, code: number, debug: string): void;
  /** A stream was closed. */
  protected abstract onStreamClosed(): void;
  /** The connection is over, and all its streams have been told. */
  protected abstract onOver(): void;

  /** Nothing is read or sent any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The peer's first SETTINGS have come (section 3.4). */
  get hasPeerSettings(): boolean {
    return this.#control.hasPeerSettings;
  }

  /** The peer does not read: whoever can wait waits. */
  get isBacklogged(): boolean {
    return this.output.backlogBytes > backlogBytesMax;
  }

  /** The highest stream of the peer that was or will be processed, for GOAWAY. */
  abstract get lastPeerStreamId(): number;

  /** Starts listening to the transport. `onChunk` takes what it reads. */
  protected listen(onChunk: (chunk: Uint8Array) => void): void {
    const { duplex } = this;
    this.timers.set(handshakeMsMax, () => {
      if (!this.#isSettled) this.timers.set(readMs, () => this.#checkHandshake());
    });
    duplex.on('drain', () => this.#onDrain());
    duplex.on('error', () => {
      // 'close' follows and is what counts.
    });
    duplex.on('end', () => this.destroy());
    duplex.on('close', () => this.destroy());
    duplex.on('data', onChunk);
  }

  /** The peer has sent its SETTINGS and taken ours into use. */
  get #isSettled(): boolean {
    return this.hasPeerSettings && this.#control.hasSettingsAck;
  }

  #checkHandshake(): void {
    if (!this.hasPeerSettings) {
      this.destroy();
    } else if (!this.#isSettled) {
      this.fail(new ConnectionFault(ErrorCode.settingsTimeout, 'SETTINGS were not acknowledged'));
    }
  }

  /** Takes what the transport read, from `start` on. */
  protected receive(chunk: Uint8Array, start: number): void {
    if (this.#isOver) return;
    this.activeAtMs = this.clock.now();
    try {
      this.#reader.push(chunk, start);
    } catch (error) {
      if (!(error instanceof ConnectionFault)) throw error;
      this.fail(error);
    }
  }

  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#headers.checkOrder(type, streamId);
    if (!this.#control.hasPeerSettings && type !== FrameType.settings) {
      throw new ConnectionFault(ErrorCode.protocolError, 'the first frame is not SETTINGS');
    }
    if (type === FrameType.data) {
      this.data.onFrame(flags, streamId, bytes, start, end);
    } else if (type === FrameType.headers) {
      this.#headers.onHeaders(flags, streamId, bytes, start, end);
    } else if (type === FrameType.continuation) {
      this.#headers.onContinuation(flags, bytes.subarray(start, end));
    } else {
      this.#control.onFrame(type, flags, streamId, bytes, start, end);
    }
  }

  /** Section 6.5.3: takes the peer's settings into use. Throws ConnectionFault. */
  applySettings(settings: PeerSettings): void {
    if (settings.headerTableBytes !== undefined) {
      this.encoder.setPeerTableSize(settings.headerTableBytes);
    }
    if (settings.initialWindowBytes !== undefined) {
      this.scheduler.resizeWindows(settings.initialWindowBytes);
    }
  }

  /** Whether that many bytes can be sent for a stream in one frame now. */
  takes(stream: Http2Stream, bytes: number): boolean {
    return (
      bytes <= stream.sendWindowBytes &&
      bytes <= this.sendWindowBytes &&
      bytes <= defaultFrameBytesMax &&
      !this.isBacklogged
    );
  }

  /** Takes a stream off the books. */
  forget(stream: Http2Stream): void {
    this.streams.delete(stream.id);
    this.scheduler.delete(stream);
    this.data.grantReceived(stream);
    this.onStreamClosed();
  }

  /** Something was appended to the output or can be: it goes out at the end of this turn. */
  touch(): void {
    if (this.#isFlushDue || this.#isOver) return;
    this.#isFlushDue = true;
    this.#flushQueue.add(this);
  }

  /**
   * Answers a PING (section 6.7). One that comes after data of ours waits some milliseconds for the answers of the calls under way, to
   * go after them: gRPC's clients measure the round trip all the time, by a PING for whatever they get as soon as the last one is
   * answered, which costs either side a write and a read.
   */
  answerPing(payload: Uint8Array): void {
    this.#answerPingNow();
    this.#unansweredPing = payload;
    if (this.hasSentData && this.streams.size > 0) this.#flushQueue.addLater(this);
    else this.touch();
    this.hasSentData = false;
  }

  /** Writes what there is to write. */
  flush(): void {
    this.#isFlushDue = false;
    if (this.#isOver) return;
    this.scheduler.pump();
    this.#answerPingNow();
    this.output.flush();
    // Whoever does not read is not read from either: even answers to PING have to stop somewhere.
    if (this.isBacklogged) this.#pause();
    this.scheduler.wakeWaiting();
    // Having filled its share, this connection lets others have the turn; a backlog waits for the drain.
    if (this.scheduler.hasReady && this.sendWindowBytes > 0 && !this.isBacklogged) this.touch();
  }

  #answerPingNow(): void {
    if (this.#unansweredPing === null) return;
    this.writer.ping(this.#unansweredPing, true);
    this.#unansweredPing = null;
  }

  #pause(): void {
    this.duplex.pause();
    this.#backlogTimer ??= this.timers.set(backlogMsMax, () => this.destroy());
  }

  #onDrain(): void {
    if (this.#isOver) return;
    this.activeAtMs = this.clock.now();
    if (this.#backlogTimer !== null) this.timers.clear(this.#backlogTimer);
    this.#backlogTimer = null;
    this.flush();
    if (!this.isBacklogged) this.duplex.resume();
  }

  /** Section 5.4.1: says why, then closes. */
  fail(fault: ConnectionFault): void {
    if (this.#isOver) return;
    this.writer.goaway(this.lastPeerStreamId, fault.code, fault.message);
    this.end();
  }

  /** Ends the connection after what was written; streams still open end abnormally. */
  end(): void {
    if (this.#isOver) return;
    this.#answerPingNow();
    this.output.flush();
    this.#finish();
    this.duplex.end();
    // Reading on, so that the peer's input does not make the kernel answer with a reset, which would overtake GOAWAY.
    this.duplex.resume();
    const timer = this.clock.setTimer(closeMsMax, () => this.duplex.destroy());
    this.duplex.once('close', () => this.clock.clearTimer(timer));
  }

  /** Drops the connection at once. */
  destroy(): void {
    this.#finish();
    this.duplex.destroy();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#flushQueue.forget(this);
    this.#reader.stop();
    for (const stream of this.streams.values()) stream.onConnectionOver();
    assert(this.streams.size === 0);
    assert(this.queuedBytes === 0);
    this.timers.clearAll();
    this.onOver();
  }
}
