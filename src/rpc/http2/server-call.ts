import type { MethodCounts } from '../method-counts.js';
import { type CallContext, type Metadata, RpcError, Status, type StatusCode } from '../service.js';
import type { Timed } from './deadline-watch.js';
import { ErrorCode } from './protocol.js';
import type { RequestHead } from './request-head.js';
import type { ServerConnection } from './server-connection.js';
import { Http2Stream } from './stream.js';

/** One for all calls: a stack trace takes longer than the rest of a cancelled call, and would say nothing. */
const callerGone = new RpcError(Status.cancelled, 'context canceled');

/** The server's end of a call: what unary and streaming ones have in common. */
export abstract class ServerCall extends Http2Stream implements CallContext, Timed {
  readonly #server: ServerConnection;
  readonly #head: RequestHead;
  protected readonly counts: MethodCounts;
  readonly #startedAtMs: number;
  readonly deadlineMs: number;
  /** Made when the handler asks for the signal. */
  #abort: AbortController | null = null;
  /** Why nobody waits for the call any more, or null. */
  #abortReason: RpcError | null = null;
  /** The handler has settled. Invariant: once set, the signal does not fire. */
  #isSettled = false;
  #hasSentHeaders = false;
  /** The outcome is decided; null means OK. Invariant: once decided, it does not change and no message is sent. */
  #isDecided = false;
  #error: RpcError | null = null;
  /** Payload bytes that must still come, when the request says how many there are. */
  #missingBytes: number | null;

  constructor(server: ServerConnection, id: number, head: RequestHead, counts: MethodCounts) {
    super(server, id);
    this.#server = server;
    this.#head = head;
    this.counts = counts;
    counts.started++;
    this.#startedAtMs = server.activeAtMs;
    this.#missingBytes = head.contentBytes;
    this.deadlineMs = head.timeoutMs === null ? Infinity : server.activeAtMs + head.timeoutMs;
    server.deadlines.add(this.deadlineMs);
  }

  get metadata(): Metadata {
    return this.#head.metadata;
  }

  get peer(): string {
    return this.#server.peer;
  }

  get peerCertificates(): readonly Uint8Array[] {
    return this.#server.transport.peerCertificates;
  }

  get timeoutMs(): number | null {
    return this.#head.timeoutMs;
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#abortReason !== null) this.#abort.abort(this.#abortReason);
    }
    return this.#abort.signal;
  }

  /** The call's status is decided or its stream gone: messages have no way out. */
  protected get isEnded(): boolean {
    return this.#isDecided || this.isClosed;
  }

  /** Why nobody waits for the call any more, or null. */
  protected get abortReason(): RpcError | null {
    return this.#abortReason;
  }

  /** The caller does not wait longer, whatever the handler is at. */
  onDeadline(): void {
    this.stop(new RpcError(Status.deadlineExceeded, 'context deadline exceeded'));
  }

  /** RFC 9113 section 8.1.1: the payload is as long as the request said. False: the stream has been reset. */
  protected countPayload(bytes: number): boolean {
    if (this.#missingBytes === null) return true;
    this.#missingBytes -= bytes;
    if (this.#missingBytes >= 0) return true;
    this.fail(ErrorCode.protocolError);
    return false;
  }

  /** Like {@link countPayload}, at the end of the payload. */
  protected checkPayloadEnd(): boolean {
    if (this.#missingBytes === null || this.#missingBytes === 0) return true;
    this.fail(ErrorCode.protocolError);
    return false;
  }

  /** Sends a response message, whole or in pieces, after the header fields if it is the first. */
  protected respond(message: Uint8Array | readonly Uint8Array[]): void {
    if (!this.#hasSentHeaders) {
      this.#hasSentHeaders = true;
      this.#server.responses.writeHeaders(this.id);
    }
    if (message instanceof Uint8Array) {
      this.counts.onSent(message.length);
      this.sendMessage(message);
    } else {
      this.counts.onSent(this.sendPieces(message));
    }
  }

  /** Ends the call with OK (null) or an error, once: what comes first counts. */
  finish(error: RpcError | null): void {
    if (this.isEnded) return;
    this.#isDecided = true;
    this.#error = error;
    this.#count(error === null ? Status.ok : error.code);
    this.end();
  }

  #count(code: StatusCode): void {
    this.counts.onEnded(code);
    if (!this.#server.timesCalls) return;
    this.counts.onTook((this.#server.clock.now() - this.#startedAtMs) / 1000);
  }

  /** Ends the call although its handler is still at it. */
  stop(error: RpcError): void {
    if (this.isEnded) return;
    this.#abortWith(error);
    this.finish(error);
  }

  /** To be called when the handler has settled. */
  protected settle(): void {
    this.#isSettled = true;
    this.#server.onHandlerSettled();
  }

  protected override onAborted(_code: number): void {
    if (!this.#isDecided) this.#count(callerGone.code);
    this.#abortWith(callerGone);
  }

  #abortWith(reason: RpcError): void {
    if (this.#abortReason !== null || this.#isSettled) return;
    this.#abortReason = reason;
    this.#abort?.abort(reason);
    this.onStopped();
  }

  /** The call is over before its handler is. */
  protected abstract onStopped(): void;

  protected override writeEnd(): void {
    this.#server.flood.onProgress();
    this.#server.responses.writeStatus(this.id, this.#error, this.#hasSentHeaders);
  }

  /** RFC 9113 section 8.1: who has answered in full may tell the peer to stop sending, without that being an error. */
  protected override onLocalEnd(): void {
    if (this.hasRemoteEnded) this.close();
    else this.reset(ErrorCode.noError);
  }
}
