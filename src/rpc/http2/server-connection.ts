import type { Duplex } from 'node:stream';
import { assert } from '../../base/assert.js';
import type { Logger } from '../../base/logger.js';
import { serverClosing } from '../dispatch.js';
import type { HttpDate } from '../http-date.js';
import type { RpcServerOptions } from '../server.js';
import { RpcError, Status } from '../service.js';
import { Transport } from '../transport.js';
import { Http2Connection } from './connection.js';
import { connectionWindowBytes } from './data-frames.js';
import { DeadlineWatch } from './deadline-watch.js';
import { ConnectionFault } from './errors.js';
import { Farewell } from './farewell.js';
import type { FlushQueue } from './flush-queue.js';
import { HeaderBlocks } from './header-blocks.js';
import { Keepalive } from './keepalive.js';
import { PingPolicy } from './ping-policy.js';
import { PlainCall } from './plain-call.js';
import { defaultWindowBytes, ErrorCode, preface, Setting } from './protocol.js';
import { type Answerable, PlainRequest, Refusal, type RequestHead } from './request-head.js';
import { headerListBytesMax, RequestHeads } from './request-heads.js';
import { Responses } from './responses.js';
import { ServerCall } from './server-call.js';
import type { Http2Stream } from './stream.js';
import { Http2StreamCall } from './stream-call.js';
import type { TimeSlices } from './time-slices.js';
import { Http2UnaryCall } from './unary-call.js';
import { WebCall } from './web-call.js';
import { WebHeads } from './web-heads.js';
import { WebRequestHead } from './web-request-head.js';

/** Our SETTINGS_INITIAL_WINDOW_SIZE. */
const streamWindowBytes = 1 << 20;
/** Calls at a time on one connection, whatever the configuration allows: each costs memory. */
const concurrentStreamsLimit = 16_384;
/** Memory for requests that are not complete, on one connection together. */
const partialBytesMax = 512 << 20;
/** Bytes of answers that may wait for the client's windows, on one connection together. */
const queuedBytesMax = 512 << 20;
/** Payload of the PINGs that ask for a sign of life. */
const keepalivePing = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);

/** What the connections of a server share. */
export interface ServerShared extends Answerable {
  readonly options: RpcServerOptions;
  readonly flushQueue: FlushQueue;
  /** What answers are dated with. */
  readonly date: HttpDate;
  /** In which what clients have sent is decompressed. */
  readonly slices: TimeSlices;
  /** By what a new connection multiplies the age that it may reach: 0.9 to 1.1, spread evenly. */
  nextAgeFactor(): number;
  /** Told once when a connection is over. */
  onConnectionOver(connection: ServerConnection): void;
}

/** The server's end of a connection: turns header lists into calls. */
export class ServerConnection extends Http2Connection {
  readonly transport: Transport;
  /** The caller's address. */
  readonly peer: string;
  readonly logger: Logger;
  readonly receiveBytesMax: number;
  /** Whether how long calls take is counted. */
  readonly timesCalls: boolean;
  readonly slices: TimeSlices;
  readonly responses = new Responses(this.writer, this.encoder);
  readonly webHeads: WebHeads;
  /** Ends calls whose time is over. */
  readonly deadlines: DeadlineWatch;
  readonly #concurrentStreamsMax: number;
  readonly #shared: ServerShared;
  readonly #heads: HeaderBlocks<RequestHead>;
  readonly #keepalive: Keepalive | null;
  readonly #farewell = new Farewell(this);
  /** Octets of the preface that have come. */
  #prefaceBytes = 0;
  /** Section 5.1.1: identifiers only grow. */
  #lastStreamId = 0;
  /** Handlers at work, those of calls that are over included: what a client keeps busy by cancelling is bounded too. */
  #handlerCount = 0;
  /** Memory that messages take of which more is to come, and decompressed requests of unary calls whose handlers run. */
  #partialBytes = 0;
  /** Streaming calls whose requests have ended in this turn. */
  #ending: Http2StreamCall[] = [];
  /** The whole server closes: streaming calls are not begun any more. */
  #isServerClosing = false;

  constructor(duplex: Duplex, shared: ServerShared) {
    const { clock, logger, limits, keepalive } = shared.options;
    super({ duplex, clock, flushQueue: shared.flushQueue, streamWindowBytes, ...pings(keepalive) });
    this.#shared = shared;
    this.logger = logger;
    this.receiveBytesMax = limits.receiveBytesMax;
    this.timesCalls = shared.options.timesCalls === true;
    this.slices = shared.slices;
    this.webHeads = new WebHeads(this.encoder, shared.date);
    this.transport = new Transport(duplex);
    this.peer = this.transport.remoteAddress;
    this.deadlines = new DeadlineWatch(clock, () => this.#calls());
    const heads = new RequestHeads(shared);
    this.#heads = new HeaderBlocks(this.decoder, headerListBytesMax, (fields) =>
      heads.read(fields),
    );
    this.#concurrentStreamsMax = Math.min(limits.concurrentStreamsMax, concurrentStreamsLimit);
    this.writer.settings([
      [Setting.maxConcurrentStreams, this.#concurrentStreamsMax],
      [Setting.initialWindowSize, streamWindowBytes],
      [Setting.maxHeaderListSize, headerListBytesMax],
    ]);
    this.writer.windowUpdate(0, connectionWindowBytes - defaultWindowBytes);
    this.#keepalive = keepalive.intervalMs === 0 ? null : new Keepalive(this, keepalive);
    this.#limitAge();
    this.listen((chunk) => this.#onChunk(chunk));
    this.touch();
  }

  #onChunk(chunk: Uint8Array): void {
    let pos = 0;
    while (this.#prefaceBytes < preface.length && pos < chunk.length) {
      if (chunk[pos++] !== preface[this.#prefaceBytes++]) {
        // Whoever speaks another protocol would not understand a GOAWAY.
        this.destroy();
        return;
      }
    }
    this.receive(chunk, pos);
  }

  get lastPeerStreamId(): number {
    return this.#lastStreamId;
  }

  isIdle(streamId: number): boolean {
    return streamId > this.#lastStreamId || streamId % 2 === 0;
  }

  onHeaderBlock(
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isEnd: boolean,
  ): void {
    if (streamId % 2 === 0) {
      throw new ConnectionFault(ErrorCode.protocolError, `a client opened stream ${streamId}`);
    }
    if (streamId <= this.#lastStreamId) {
      this.#heads.skip(bytes, start, end);
      this.#onTrailers(streamId, isEnd);
      return;
    }
    this.#lastStreamId = streamId;
    const head = this.#heads.read(bytes, start, end);
    if (this.#farewell.isFinal) return;
    if (Math.max(this.streams.size, this.#handlerCount) >= this.#concurrentStreamsMax) {
      this.#refuseStream(streamId, ErrorCode.refusedStream);
    } else {
      this.#onRequest(streamId, head, isEnd);
    }
  }

  /** Section 8.1: a second header list ends the request. What it says is of no interest. */
  #onTrailers(streamId: number, isEnd: boolean): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.resetIds.has(streamId)) return;
      throw new ConnectionFault(ErrorCode.streamClosed, `HEADERS on closed stream ${streamId}`);
    }
    if (stream.hasRemoteEnded) stream.fail(ErrorCode.streamClosed);
    else if (!isEnd) stream.fail(ErrorCode.protocolError);
    else stream.endRemote();
  }

  #onRequest(streamId: number, head: RequestHead, isEnd: boolean): void {
    const { outcome } = head;
    if (outcome === null) {
      this.#refuseStream(streamId, ErrorCode.protocolError);
      return;
    }
    if (outcome instanceof Refusal) {
      this.#refuse(streamId, outcome, isEnd);
      return;
    }
    if (outcome instanceof PlainRequest) {
      this.#open(new PlainCall(this, streamId, outcome), isEnd);
      return;
    }
    if (outcome instanceof WebRequestHead) {
      this.#onWebRequest(streamId, outcome, head.contentBytes, isEnd);
      return;
    }
    if (outcome.kind === 'unary') {
      this.#open(new Http2UnaryCall(this, streamId, head, outcome), isEnd);
      return;
    }
    const call = new Http2StreamCall(this, streamId, head, outcome);
    this.#open(call, isEnd);
    if (this.#isServerClosing) call.finish(serverClosing());
    else call.start();
  }

  #onWebRequest(
    streamId: number,
    head: WebRequestHead,
    contentBytes: number | null,
    isEnd: boolean,
  ): void {
    const { web } = this.#shared;
    assert(web !== null);
    const call = new WebCall(this, streamId, head, contentBytes);
    this.#open(call, isEnd);
    void call.serve(web);
  }

  #open(stream: Http2Stream, isEnd: boolean): void {
    this.streams.add(stream);
    if (isEnd) stream.endRemote();
  }

  *#calls(): Iterable<ServerCall> {
    for (const stream of this.streams.values()) if (stream instanceof ServerCall) yield stream;
  }

  /** Ends a stream that no call was made for. */
  #refuseStream(streamId: number, code: number): void {
    this.flood.onReset(this.activeAtMs);
    this.writer.rstStream(streamId, code);
    this.resetIds.add(streamId);
    this.touch();
  }

  #refuse(streamId: number, refusal: Refusal, isEnd: boolean): void {
    this.responses.writeRefusal(streamId, refusal);
    this.touch();
    if (!isEnd) this.#refuseStream(streamId, ErrorCode.noError);
  }

  /**
   * Accounts for the memory of messages that are not complete, or are the request of a unary call and wait for its end, or were
   * decompressed for it. Throws RpcError when this connection has too many of them.
   */
  reserve(bytes: number): void {
    if (bytes > 0 && this.#partialBytes + bytes > partialBytesMax) {
      const text = 'too many large messages at once on one connection';
      throw new RpcError(Status.resourceExhausted, text);
    }
    this.#partialBytes += bytes;
  }

  /** Whether an answer may be queued that the client does not take now. One at least always may. */
  get hasQueueRoom(): boolean {
    return this.queuedBytes < queuedBytesMax;
  }

  /** Has a call end its requests at the end of this turn, when all is known that its client did in one write. */
  endLater(call: Http2StreamCall): void {
    this.#ending.push(call);
    if (this.#ending.length > 1) return;
    this.clock.defer(() => {
      const ending = this.#ending;
      this.#ending = [];
      for (const call of ending) call.endRequests();
    });
  }

  onHandlerStarted(): void {
    this.#handlerCount++;
  }

  onHandlerSettled(): void {
    this.#handlerCount--;
  }

  /** Keepalive asks for a sign of life. */
  ping(): void {
    this.writer.ping(keepalivePing, false);
    this.touch();
  }

  onPong(payload: Uint8Array): void {
    this.#farewell.onPong(payload);
  }

  onGoaway(): void {
    // The client opens no more streams; those that it has go on.
  }

  /** The server closes: calls under way finish, streaming calls end now. */
  drain(): void {
    this.#isServerClosing = true;
    this.#farewell.announce();
    for (const stream of this.streams.values()) {
      if (stream instanceof Http2StreamCall) stream.stop(serverClosing());
    }
  }

  /** Has the connection end when it is as old as it may be. */
  #limitAge(): void {
    const { connectionAge } = this.#shared.options;
    if (connectionAge === undefined) return;
    const { maxMs, graceMs } = connectionAge;
    this.timers.set(maxMs * this.#shared.nextAgeFactor(), () => {
      this.#farewell.announce();
      this.timers.set(graceMs, () => this.destroy());
    });
  }

  protected onStreamClosed(): void {
    this.#farewell.onStreamClosed();
  }

  protected onOver(): void {
    this.#keepalive?.stop();
    this.deadlines.stop();
    this.duplex.once('close', () => this.#shared.onConnectionOver(this));
    if (this.duplex.destroyed && this.duplex.closed) this.#shared.onConnectionOver(this);
  }
}

function pings({ minTimeMs }: RpcServerOptions['keepalive']): { readonly pings?: PingPolicy } {
  return minTimeMs === undefined ? {} : { pings: new PingPolicy(minTimeMs) };
}
