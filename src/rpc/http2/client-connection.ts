import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.js';
import type { CallOptions } from '../service.js';
import { CallHeads } from './call-heads.js';
import { type CallListener, ClientCall } from './client-call.js';
import { Http2Connection } from './connection.js';
import { connectionWindowBytes } from './data-frames.js';
import { ConnectionFault } from './errors.js';
import type { FlushQueue } from './flush-queue.js';
import { HeaderBlocks } from './header-blocks.js';
import type { HeaderField } from './hpack/field.js';
import { Keepalive, type KeepaliveTimes } from './keepalive.js';
import { defaultWindowBytes, ErrorCode, preface, Setting, streamIdMax } from './protocol.js';
import { type ResponseHead, readResponseHead } from './response-head.js';
import type { PeerSettings } from './settings.js';

/** Our SETTINGS_INITIAL_WINDOW_SIZE. */
const streamWindowBytes = 1 << 20;
/** Bytes of a response's header list that are kept; a larger one ends the connection. */
const headerListBytesMax = 256 * 1024;
const keepalivePing = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);

/** What a client's connection is made with. */
export interface ClientConnectionOptions {
  readonly duplex: Duplex;
  readonly clock: Clock;
  readonly flushQueue: FlushQueue;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly receiveBytesMax: number;
  readonly keepalive: KeepaliveTimes | null;
  /** The server's SETTINGS have come: calls can be made. */
  readonly onReady: () => void;
  /** A call has ended, or the server allows more: one that waits may be made. */
  readonly onRoom: () => void;
  /** The server sends us away for our keepalive pings. */
  readonly onPingingTooOften: () => void;
  /** No more calls can be made. Comes once. */
  readonly onGone: () => void;
}

/** The client's end of a connection: makes calls. */
export class ClientConnection extends Http2Connection {
  readonly #options: ClientConnectionOptions;
  readonly #heads: CallHeads;
  readonly #responseHeads = new HeaderBlocks(this.decoder, headerListBytesMax, keptResponseHead);
  readonly #keepalive: Keepalive | null;
  #nextStreamId = 1;
  /** The server's SETTINGS_MAX_CONCURRENT_STREAMS. */
  #concurrentStreamsMax = Infinity;
  /** No more calls can be made here. */
  #isGone = false;
  #onOver: () => void = () => {};

  constructor(options: ClientConnectionOptions) {
    super({ ...options, streamWindowBytes });
    this.#options = options;
    this.#heads = new CallHeads(this.encoder, options);
    this.output.append(preface);
    this.writer.settings([
      [Setting.enablePush, 0],
      [Setting.initialWindowSize, streamWindowBytes],
      [Setting.maxHeaderListSize, headerListBytesMax],
    ]);
    this.writer.windowUpdate(0, connectionWindowBytes - defaultWindowBytes);
    this.#keepalive = options.keepalive === null ? null : new Keepalive(this, options.keepalive);
    this.listen((chunk) => this.receive(chunk, 0));
    this.flush();
  }

  /** Whether a call can be made now. */
  get hasSlot(): boolean {
    return this.hasPeerSettings && !this.#isGone && this.streams.size < this.#concurrentStreamsMax;
  }

  /** Makes a call. There is a slot for it. */
  call(path: string, options: CallOptions, listener: CallListener): ClientCall {
    const id = this.#nextStreamId;
    this.#nextStreamId += 2;
    const call = new ClientCall(this, id, listener, this.#options.receiveBytesMax);
    this.streams.add(call);
    this.writer.headers(id, this.#heads.encode(path, options), false);
    this.flood.onProgress();
    this.touch();
    if (this.#nextStreamId > streamIdMax) this.#leave();
    return call;
  }

  get lastPeerStreamId(): number {
    return 0;
  }

  isIdle(streamId: number): boolean {
    return streamId >= this.#nextStreamId || streamId % 2 === 0;
  }

  override applySettings(settings: PeerSettings): void {
    super.applySettings(settings);
    if (settings.concurrentStreamsMax !== undefined) {
      this.#concurrentStreamsMax = settings.concurrentStreamsMax;
    }
    this.#options.onReady();
  }

  onHeaderBlock(
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isEnd: boolean,
  ): void {
    if (this.isIdle(streamId)) {
      throw new ConnectionFault(ErrorCode.protocolError, `the server opened stream ${streamId}`);
    }
    const head = this.#responseHeads.read(bytes, start, end);
    const call = this.streams.get(streamId);
    if (!(call instanceof ClientCall)) return;
    if (head.isWellFormed) call.onHeaders(head, isEnd);
    else call.fail(ErrorCode.protocolError);
  }

  onPong(): void {
    // Whatever is read is a sign of life.
  }

  /** Keepalive: asks for a sign of life while calls wait for one. */
  ping(): void {
    if (this.streams.size === 0) {
      this.activeAtMs = this.clock.now();
      return;
    }
    this.writer.ping(keepalivePing, false);
    this.touch();
  }

  onGoaway(lastStreamId: number, code: number, debug: string): void {
    const isPingingTooOften = code === ErrorCode.enhanceYourCalm && debug === 'too_many_pings';
    if (isPingingTooOften) this.#options.onPingingTooOften();
    this.#leave();
    for (const stream of this.streams.values()) {
      if (stream.id > lastStreamId && stream instanceof ClientCall) stream.refuse();
    }
  }

  /** No more calls here; the connection ends with the last one. */
  #leave(): void {
    if (!this.#isGone) {
      this.#isGone = true;
      this.#options.onGone();
    }
    if (this.streams.size === 0) this.clock.defer(() => this.#maybeEnd());
  }

  #maybeEnd(): void {
    if (this.#isGone && this.streams.size === 0) this.end();
  }

  protected onStreamClosed(): void {
    if (this.#isGone) this.#leave();
    else this.#options.onRoom();
  }

  /** Calls back when the connection is over, which it is not yet. */
  whenOver(callback: () => void): void {
    this.#onOver = callback;
  }

  protected onOver(): void {
    this.#onOver();
    this.#keepalive?.stop();
    if (this.#isGone) return;
    this.#isGone = true;
    this.#options.onGone();
  }
}

function keptResponseHead(fields: readonly HeaderField[] | null): ResponseHead {
  if (fields !== null) return readResponseHead(fields);
  throw new ConnectionFault(ErrorCode.enhanceYourCalm, 'a header list is too large');
}
