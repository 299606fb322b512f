import { assert } from '../../base/assert.js';
import { decodeRequest, encodeAnswer, type Route, toRpcError } from '../dispatch.js';
import { type AnswerSink, PendingAnswer, RpcError, Status, type UnaryCall } from '../service.js';
import { gunzipMessage, type MessageEncoding } from './compression.js';
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
  #isCompressed = false;
  /** What is reserved for the request: from when it is there until its handler starts, or settles if it was compressed. */
  #reservedBytes = 0;
  #hasStarted = false;
  /** Made when the request does not come in one frame. */
  #reader: MessageReader | null = null;

  constructor(connection: ServerConnection, id: number, head: RequestHead, route: UnaryRoute) {
    super(connection, id, head, route.counts);
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
        const message = soleMessage(bytes, start, end, receiveBytesMax);
        if (message !== null) {
          this.#onMessage(message, false);
          return;
        }
      }
      this.#reader ??= new MessageReader({
        bytesMax: receiveBytesMax,
        encoding: this.#encoding,
        onMessage: (message, isCompressed) => this.#onMessage(message, isCompressed),
        onRoom: (change) => this.#connection.reserve(change),
      });
      this.#reader.push(bytes, start, end);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.finish(error);
    }
  }

  #onMessage(message: Uint8Array, isCompressed: boolean): void {
    if (this.#request !== null) {
      throw new RpcError(Status.internal, 'a unary call takes one request message, and got more');
    }
    this.counts.onReceived(message.length);
    this.#reserve(message.length);
    this.#request = message;
    this.#isCompressed = isCompressed;
  }

  /** Has the request account for so many bytes, in place of those before. */
  #reserve(bytes: number): void {
    this.#connection.reserve(bytes - this.#reservedBytes);
    this.#reservedBytes = bytes;
  }

  onRemoteEnd(): void {
    if (!this.checkPayloadEnd()) return;
    if (this.#request === null || this.#reader?.isBetweenMessages === false) {
      this.finish(new RpcError(Status.internal, 'the request ends before its message does'));
      return;
    }
    const request = this.#request;
    if (this.#isCompressed) {
      this.#connection.slices.run(() => this.#startCompressed(request));
      return;
    }
    this.#reserve(0);
    this.#start(request);
  }

  #startCompressed(compressed: Uint8Array): void {
    if (this.isEnded) return;
    let bytes: Uint8Array;
    try {
      bytes = gunzipMessage(compressed, this.#connection.receiveBytesMax);
      this.#request = bytes;
      this.#reserve(bytes.length);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.finish(error);
      return;
    }
    this.#start(bytes);
  }

  #start(bytes: Uint8Array): void {
    this.#hasStarted = true;
    this.#connection.onHandlerStarted();
    try {
      const request = decodeRequest(this.#route.method.request, bytes, false);
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
    this.#onSettled();
    if (this.isEnded) return;
    if (!this.#connection.hasQueueRoom) {
      this.finish(new RpcError(Status.resourceExhausted, 'too many answers wait to be read'));
      return;
    }
    this.respond(bytes);
    this.finish(null);
  }

  onFailure(error: unknown): void {
    this.#onSettled();
    const status = toRpcError(error, this.#route.method.path, this.#connection.logger);
    this.finish(status);
  }

  #onSettled(): void {
    this.#reserve(0);
    this.settle();
  }

  protected override close(): void {
    super.close();
    this.#reader?.discard();
    if (!this.#hasStarted) this.#reserve(0);
  }

  onWritable(): void {
    // Nobody waits: the one response is queued whole.
  }

  protected onStopped(): void {
    // The handler finds out by its signal.
  }
}
