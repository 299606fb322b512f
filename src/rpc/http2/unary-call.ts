import { assert } from '../../base/assert.js';
import { decodeRequest, encodeAnswer, type Route, toRpcError } from '../dispatch.js';
import { type AnswerSink, PendingAnswer, RpcError, Status, type UnaryCall } from '../service.js';
import type { MessageEncoding } from './compression.js';
import { MessageReader, soleMessage } from './message-reader.js';
import type { RequestHead } from './request-head.js';
import { ServerCall } from './server-call.js';
import type { ServerConnection } from './server-connection.js';

type UnaryRoute = Route & { readonly kind: 'unary' };

/** A unary call: its handler runs once the request is there as a whole. */
export class Http2UnaryCall extends ServerCall implements UnaryCall, AnswerSink {
  readonly #connection: ServerConnection;
  readonly #route: UnaryRoute;
  readonly #encoding: MessageEncoding;
  #request: Uint8Array | null = null;
  /** Made when the request does not come in one frame. */
  #reader: MessageReader | null = null;

  constructor(connection: ServerConnection, id: number, head: RequestHead, route: UnaryRoute) {
    super(connection, id, head);
    this.#connection = connection;
    this.#route = route;
    this.#encoding = head.encoding;
  }

  get requestBytes(): Uint8Array {
    assert(this.#request !== null);
    return this.#request;
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    if (!this.countPayload(end - start)) return;
    const { receiveBytesMax } = this.#connection;
    try {
      if (this.#reader === null && this.#request === null) {
        this.#request = soleMessage(bytes, start, end, receiveBytesMax);
        if (this.#request !== null) return;
      }
      this.#reader ??= new MessageReader({
        bytesMax: receiveBytesMax,
        encoding: this.#encoding,
        onMessage: (message) => this.#onMessage(message),
        onRoom: (change) => this.#connection.reserve(change),
      });
      this.#reader.push(bytes, start, end);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.finish(error);
    }
  }

  #onMessage(message: Uint8Array): void {
    if (this.#request !== null) {
      throw new RpcError(Status.internal, 'a unary call takes one request message, and got more');
    }
    this.#request = message;
  }

  onRemoteEnd(): void {
    if (!this.checkPayloadEnd()) return;
    if (this.#request === null || this.#reader?.isBetweenMessages === false) {
      this.finish(new RpcError(Status.internal, 'the request ends before its message does'));
      return;
    }
    this.#connection.onHandlerStarted();
    try {
      const request = decodeRequest(this.#route.method.request, this.#request, false);
      const response = this.#route.handler(request, this);
      if (response instanceof PendingAnswer) {
        response.attach(this);
      } else if (response instanceof Promise) {
        response.then(
          (value) => this.onAnswer(value),
          (error) => this.onFailure(error),
        );
      } else {
        this.onAnswer(response);
      }
    } catch (error) {
      this.onFailure(error);
    }
  }

  onAnswer(response: unknown): void {
    let bytes: Uint8Array;
    try {
      bytes = encodeAnswer(this.#route.method.response, response);
    } catch (error) {
      this.onFailure(error);
      return;
    }
    this.settle();
    if (this.isEnded) return;
    if (!this.#connection.hasQueueRoom) {
      this.finish(new RpcError(Status.resourceExhausted, 'too many answers wait to be read'));
      return;
    }
    this.respond(bytes);
    this.finish(null);
  }

  onFailure(error: unknown): void {
    this.settle();
    const status = toRpcError(error, this.#route.method.path, this.#connection.logger);
    this.finish(status);
  }

  protected override close(): void {
    super.close();
    this.#reader?.discard();
  }

  onWritable(): void {
    // Nobody waits: the one response is queued whole.
  }

  protected onStopped(): void {
    // The handler finds out by its signal.
  }
}
