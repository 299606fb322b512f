import type { Duplex } from 'node:stream';
import type { Clock } from '../../../../base/clock.js';
import { IdleWatch } from '../../../../rpc/idle-watch.js';
import {
  controlFrame,
  dataFrameHead,
  frameFlags,
  frameTypes,
  type SpdyFrame,
  SpdyFrameReader,
  wordAt,
  words,
} from './frames.js';
import { HeaderReader, headerBlock } from './header-blocks.js';
import { resetCodes, SpdyError } from './spdy-error.js';
import { SpdyStream, type SpdyStreamPort } from './spdy-stream.js';

/** What a connection is made of. */
export interface SpdyOptions {
  readonly socket: Duplex;
  /** What the client sent behind its request. */
  readonly head: Uint8Array;
  readonly clock: Clock;
  /** Milliseconds without a frame in either direction after which it is closed; 0 for never. */
  readonly idleMs: number;
  /** A client opens a stream. False: it is refused. */
  readonly onStream: (stream: SpdyStream) => boolean;
}

/** Streams that are open at once. */
const streamsMax = 1024;
/** Received bytes after which the client is told that they have been taken. */
const windowStep = 32 * 1024;
/** How long the other side has to close its end. */
const closeMsMax = 5000;
/** Of a farewell because of what is against the protocol. */
const protocolErrorStatus = 1;

/**
 * The server's end of a SPDY/3.1 connection, after its upgrade: as much of it as Kubernetes' clients and others that stream to pods use, which is
 * streams that clients open. The windows of clients are not kept to, since the usual ones know of none; what holds back is the connection.
 * Clients that keep to theirs are given room as what they sent is taken.
 */
export class SpdyConnection {
  readonly #options: SpdyOptions;
  readonly #headers = new HeaderReader();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #idle: IdleWatch;
  readonly #port: SpdyStreamPort;
  /** Of the last stream that was opened. Invariant: odd or 0, and only grows. */
  #lastStreamId = 0;
  #hasReplied = false;
  #isClosing = false;
  /** Bytes received that the client was not told of. */
  #untold = 0;

  constructor(options: SpdyOptions) {
    this.#options = options;
    const { socket, clock, idleMs } = options;
    this.#idle = new IdleWatch(clock, idleMs, () => this.close());
    this.#port = {
      sendData: (id, flags, bytes, done) => this.#sendData(id, flags, bytes, done),
      sendReset: (id, code) => this.#send(frameTypes.rstStream, words(id, code)),
      onOver: (id) => void this.#streams.delete(id),
    };
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#onGone());
  }

  /** Calls back once the connection is gone. */
  onGone(callback: () => void): void {
    const { socket } = this.#options;
    if (socket.destroyed) callback();
    else socket.once('close', callback);
  }

  /** Takes what the client sends, until it goes. What is against the protocol ends the connection. Never rejects. */
  async run(): Promise<void> {
    const { socket, head } = this.#options;
    const reader = new SpdyFrameReader();
    let status = 0;
    try {
      await this.#take(reader, head);
      for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
        this.#idle.touch();
        await this.#take(reader, chunk as Buffer);
      }
    } catch (error) {
      if (error instanceof SpdyError) status = protocolErrorStatus;
      else if (!socket.destroyed) throw error;
    }
    // A client whose side is at its end has gone: all its streams need both.
    this.close(status);
  }

  /** Ends the connection once what was sent has left; `status` says why (SPDY/3.1 section 2.6.6). */
  close(status = 0): void {
    if (this.#isClosing) return;
    this.#send(frameTypes.goAway, words(this.#lastStreamId, status));
    this.#isClosing = true;
    const { socket, clock } = this.#options;
    socket.end();
    const timer = clock.setTimer(closeMsMax, () => socket.destroy());
    this.onGone(() => clock.clearTimer(timer));
  }

  async #take(reader: SpdyFrameReader, chunk: Uint8Array): Promise<void> {
    reader.add(chunk);
    for (;;) {
      const frame = reader.next();
      if (frame === null) return;
      if (frame.kind === 'data') await this.#onData(frame);
      else await this.#onControl(frame);
    }
  }

  async #onData({ streamId, flags, payload }: SpdyFrame & { kind: 'data' }): Promise<void> {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      // What was on its way when a stream ended is of no use; a stream that never was is a mistake.
      if (streamId > this.#lastStreamId || streamId === 0) {
        this.#port.sendReset(streamId, resetCodes.invalidStream);
      }
      return;
    }
    await stream.input.feed(payload);
    this.#giveRoom(streamId, payload.length);
    if ((flags & frameFlags.fin) !== 0) stream.onFin();
  }

  async #onControl({ type, flags, payload }: SpdyFrame & { kind: 'control' }): Promise<void> {
    switch (type) {
      case frameTypes.synStream:
        return this.#onSynStream(flags, payload);
      case frameTypes.headers:
        // They say nothing, but are a part of the compressed stream.
        await this.#headers.read(payload.subarray(4));
        if ((flags & frameFlags.fin) !== 0) this.#streams.get(wordAt(payload, 0))?.onFin();
        return;
      case frameTypes.rstStream:
        return this.#onReset(wordAt(payload, 0));
      case frameTypes.ping:
        return this.#onPing(wordAt(payload, 0));
      case frameTypes.synReply:
        throw new SpdyError('a stream is answered that was not opened');
      default:
        // Settings, windows and farewells change nothing here; what is not known is passed over (SPDY/3.1 section 2.2.1).
        return;
    }
  }

  async #onSynStream(flags: number, payload: Buffer): Promise<void> {
    const id = wordAt(payload, 0);
    if (payload.length < 10) throw new SpdyError('a stream is opened with too few bytes');
    const headers = await this.#headers.read(payload.subarray(10));
    if (id % 2 === 0 || id <= this.#lastStreamId) {
      throw new SpdyError(`stream ${id} is opened after stream ${this.#lastStreamId}`);
    }
    this.#lastStreamId = id;
    if (this.#streams.size >= streamsMax || this.#isClosing) {
      this.#port.sendReset(id, resetCodes.refusedStream);
      return;
    }
    const stream = new SpdyStream(id, headers, this.#port);
    this.#streams.set(id, stream);
    if (!this.#options.onStream(stream)) {
      stream.reset(resetCodes.cancel);
      return;
    }
    this.#send(frameTypes.synReply, Buffer.concat([words(id), headerBlock({}, !this.#hasReplied)]));
    this.#hasReplied = true;
    if ((flags & frameFlags.unidirectional) !== 0) stream.output.end();
    if ((flags & frameFlags.fin) !== 0) stream.onFin();
  }

  #onReset(streamId: number): void {
    this.#streams.get(streamId)?.drop();
    this.#streams.delete(streamId);
  }

  #onPing(id: number): void {
    // Those with even numbers would be answers to ours. Who pings faster than it reads is not answered each time.
    if (id % 2 === 0 || this.#options.socket.writableNeedDrain) return;
    this.#send(frameTypes.ping, words(id));
  }

  #giveRoom(streamId: number, bytes: number): void {
    this.#untold += bytes;
    if (bytes > 0) this.#send(frameTypes.windowUpdate, words(streamId, bytes));
    if (this.#untold < windowStep) return;
    this.#send(frameTypes.windowUpdate, words(0, this.#untold));
    this.#untold = 0;
  }

  #sendData(streamId: number, flags: number, bytes: Uint8Array, done: () => void): void {
    const { socket } = this.#options;
    if (this.#isClosing || socket.destroyed) {
      done();
      return;
    }
    this.#idle.touch();
    socket.cork();
    const head = dataFrameHead(streamId, flags, bytes.length);
    if (bytes.length === 0) {
      socket.write(head, () => done());
    } else {
      socket.write(head);
      socket.write(bytes, () => done());
    }
    socket.uncork();
  }

  #send(type: number, payload: Uint8Array): void {
    const { socket } = this.#options;
    if (this.#isClosing || socket.destroyed) return;
    socket.write(controlFrame(type, payload));
  }

  #onGone(): void {
    this.#isClosing = true;
    this.#idle.stop();
    this.#headers.close();
    for (const stream of this.#streams.values()) stream.drop();
    this.#streams.clear();
  }
}
