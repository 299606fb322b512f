import { assert } from '../../base/assert.js';
import type { Timer } from '../../base/clock.js';
import type { WebHandler, WebHeaders, WebRequest } from '../web.js';
import { clientGone } from '../web-errors.js';
import { isBodiless } from '../web-fields.js';
import { runWebHandler, type WebAnswer } from '../web-run.js';
import { ErrorCode, Flag } from './protocol.js';
import { emptyBody, RequestBody } from './request-body.js';
import type { ServerConnection } from './server-connection.js';
import { Http2Stream } from './stream.js';
import type { WebRequestHead } from './web-request-head.js';

/** Bytes of a body that a client may go on sending after it was answered, and milliseconds that it has for that. */
const lingerBytesMax = 4 << 20;
const lingerMsMax = 5000;

/** What a client is left that was answered before it had sent its request. */
interface Linger {
  bytesLeft: number;
  readonly timer: Timer;
}

/** A request that is no gRPC call, and its answer: one object, for thousands of them are watches that live for hours. */
export class WebCall extends Http2Stream implements WebRequest, WebAnswer {
  readonly #server: ServerConnection;
  readonly #head: WebRequestHead;
  /** Made when something comes, or somebody reads; null for a request that ended with its header fields. */
  #body: RequestBody | null = null;
  /** Bytes of the body that must still come, when the request says how many there are. */
  #missingBytes: number | null;
  /** A `100 Continue` is due when the body is first read. */
  #owesContinue: boolean;
  /** Made when the handler asks for the signal. */
  #abort: AbortController | null = null;
  #isStarted = false;
  /** The answer is complete, though perhaps not sent. */
  #isEnded = false;
  #mayHaveBody = true;
  #isClientGone = false;
  /** The handler has settled. Invariant: once set, the signal does not fire. */
  #isSettled = false;
  /** There from when the answer was sent to when the request has ended. */
  #linger: Linger | null = null;
  /** What the handler waits for that has written much. */
  #room: Promise<void> | null = null;
  #onRoom: () => void = () => {};

  constructor(
    server: ServerConnection,
    id: number,
    head: WebRequestHead,
    contentBytes: number | null,
  ) {
    super(server, id);
    this.#server = server;
    this.#head = head;
    this.#missingBytes = contentBytes;
    this.#owesContinue = head.expectsContinue;
  }

  get method(): string {
    return this.#head.method;
  }

  get path(): string {
    return this.#head.path;
  }

  get query(): string {
    return this.#head.query;
  }

  get headers(): ReadonlyMap<string, string> {
    return this.#head.headers;
  }

  get authority(): string {
    return this.#head.authority;
  }

  get protocol(): 'HTTP/2.0' {
    return 'HTTP/2.0';
  }

  get isTls(): boolean {
    return this.#server.transport.isTls;
  }

  get remoteAddress(): string {
    return this.#server.transport.remoteAddress;
  }

  get peerCertificates(): readonly Uint8Array[] {
    return this.#server.transport.peerCertificates;
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#isClientGone) this.#abort.abort(clientGone);
    }
    return this.#abort.signal;
  }

  get body(): AsyncIterable<Uint8Array> {
    if (this.#owesContinue) this.#sendContinue();
    // Nothing has come of it, and nothing will.
    if (this.#body === null && this.hasRemoteEnded) return emptyBody;
    return this.#received.chunks;
  }

  get #received(): RequestBody {
    if (this.#body !== null) return this.#body;
    this.#body = new RequestBody(() => this.connection.data.grantReceived(this));
    if (this.#isClientGone) this.#body.chunks.abort(clientGone);
    return this.#body;
  }

  get isStarted(): boolean {
    return this.#isStarted;
  }

  get isOver(): boolean {
    return this.#isEnded || this.isClosed;
  }

  get isClientGone(): boolean {
    return this.#isClientGone;
  }

  /** Calls the handler. What the client does not send is dropped once that has settled. */
  async serve(handler: WebHandler): Promise<void> {
    if (this.isClosed) return;
    this.#server.onHandlerStarted();
    await runWebHandler(handler, this, this, this.#server.logger);
    this.#isSettled = true;
    this.#server.onHandlerSettled();
    this.#body?.chunks.discard();
  }

  #sendContinue(): void {
    this.#owesContinue = false;
    if (this.#isStarted || this.isClosed) return;
    this.#server.writer.headers(this.id, this.#server.webHeads.encodeContinue(), false);
    this.connection.touch();
  }

  start(status: number, headers: WebHeaders): void {
    assert(!this.#isStarted, 'an answer starts once');
    if (this.isClosed) {
      this.#isStarted = true;
      return;
    }
    const block = this.#server.webHeads.encode(status, headers);
    this.#isStarted = true;
    this.#mayHaveBody = !isBodiless(this.method, status);
    this.#server.writer.headers(this.id, block, false);
    this.connection.flood.onProgress();
    this.connection.touch();
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    assert(this.#isStarted && !this.#isEnded, 'what is written stands between start and end');
    if (this.isClosed || !this.#mayHaveBody) return undefined;
    this.sendBody(chunk);
    if (this.hasRoom) return undefined;
    this.connection.scheduler.awaitRoom(this);
    this.#room ??= new Promise((resolve) => {
      this.#onRoom = resolve;
    });
    return this.#room;
  }

  override end(chunk?: Uint8Array): void {
    assert(this.#isStarted && !this.#isEnded, 'an answer is ended once, after its start');
    this.#isEnded = true;
    if (this.isClosed) return;
    if (chunk === undefined || !this.#mayHaveBody) super.end();
    else this.sendBody(chunk, true);
  }

  breakOff(): void {
    this.reset(ErrorCode.internalError);
  }

  override get isHoldingBack(): boolean {
    return this.#body !== null && !this.#body.chunks.isEmpty;
  }

  /** RFC 9113 section 8.1.1: a body has the length that its request says. */
  onData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#missingBytes !== null) {
      this.#missingBytes -= end - start;
      if (this.#missingBytes < 0) {
        this.fail(ErrorCode.protocolError);
        return;
      }
    }
    if (this.#linger !== null) this.#drop(this.#linger, end - start);
    else if (!this.#isSettled) this.#received.push(bytes, start, end);
  }

  #drop(linger: Linger, bytes: number): void {
    linger.bytesLeft -= bytes;
    if (linger.bytesLeft < 0) this.reset(ErrorCode.noError);
  }

  /**
   * Node's clients half-close before they cancel, in one write: a body of which nobody said how long it is is taken for whole only
   * if the stream is still there after it.
   */
  onRemoteEnd(): void {
    const body = this.#body;
    if (this.#missingBytes === 0) body?.chunks.end(null);
    else if (this.#missingBytes !== null) this.fail(ErrorCode.protocolError);
    else if (body !== null) this.connection.clock.defer(() => body.chunks.end(null));
  }

  onWritable(): void {
    if (this.hasRoom) this.#wake();
  }

  #wake(): void {
    if (this.#room === null) return;
    this.#room = null;
    this.#onRoom();
  }

  protected onAborted(): void {
    this.#wake();
    if (this.#isSettled) return;
    this.#isClientGone = true;
    this.#body?.chunks.abort(clientGone);
    this.#abort?.abort(clientGone);
  }

  protected writeEnd(): void {
    this.#server.writer.dataHeader(this.id, 0, Flag.endStream);
  }

  /**
   * RFC 9113 section 8.1: who has answered in full may tell the client to stop sending. There are clients that take this for a
   * failure and forget the answer, so they are let send what a request may reasonably have, which is dropped.
   */
  protected onLocalEnd(): void {
    if (this.hasRemoteEnded) {
      this.close();
      return;
    }
    const stop = () => this.reset(ErrorCode.noError);
    this.#linger = {
      bytesLeft: lingerBytesMax,
      timer: this.connection.timers.set(lingerMsMax, stop),
    };
  }

  protected override close(): void {
    if (this.#linger !== null) this.connection.timers.clear(this.#linger.timer);
    super.close();
  }
}
