import { decodeRequest, type Route, toRpcError } from '../dispatch.js';
import {
  type AnswerSink,
  PendingAnswer,
  type RequestTaker,
  RpcError,
  type ServerStream,
  Status,
} from '../service.js';
import { CompressedMessage, gunzipMessage, type MessageEncoding } from './compression.js';
import { MessageQueue, type MessageQueueOptions } from './message-queue.js';
import { MessageReader, soleMessage } from './message-reader.js';
import type { RequestHead } from './request-head.js';
import { ServerCall } from './server-call.js';
import type { ServerConnection } from './server-connection.js';

type StreamRoute = Route & { readonly kind: 'stream' };

type ReceivedMessage = Uint8Array | CompressedMessage;

/**
 * A streaming call of any kind: on the wire they are alike, and the handler decides how much it reads and sends. Clients renew a
 * lease with a call of its own each time, so a call makes few objects.
 */
export class Http2StreamCall
  extends ServerCall
  implements
    ServerStream<unknown, unknown>,
    MessageQueueOptions<unknown, ReceivedMessage>,
    AnswerSink
{
  readonly #connection: ServerConnection;
  readonly #route: StreamRoute;
  readonly #encoding: MessageEncoding;
  readonly #received: MessageQueue<unknown, ReceivedMessage>;
  /** Made when a message does not come alone in a frame. */
  #reader: MessageReader | null = null;
  /** Whoever waits for room to send, or for the end; null: nobody. */
  #roomWaiters: (() => void)[] | null = null;

  constructor(connection: ServerConnection, id: number, head: RequestHead, route: StreamRoute) {
    super(connection, id, head, route.counts);
    this.#connection = connection;
    this.#route = route;
    this.#encoding = head.encoding;
    this.#received = new MessageQueue(this);
  }

  get requests(): AsyncIterable<unknown> {
    return this.#received;
  }

  take(taker: RequestTaker<unknown>): void {
    this.#received.take(taker);
  }

  /** Calls the handler; the call ends when what it returns settles. */
  start(): void {
    this.#connection.onHandlerStarted();
    try {
      const end = this.#route.handler(this);
      if (end instanceof PendingAnswer) end.attach(this);
      else {
        end.then(
          () => this.onAnswer(),
          (error) => this.onFailure(error),
        );
      }
    } catch (error) {
      this.onFailure(error);
    }
  }

  onAnswer(): void {
    this.#onSettled(null);
  }

  onFailure(error: unknown): void {
    this.#onSettled(toRpcError(error, this.#route.method.path, this.#connection.logger));
  }

  #onSettled(error: RpcError | null): void {
    this.settle();
    this.finish(error);
    this.#received.discard();
  }

  /** For the queue. */
  decode(message: ReceivedMessage): unknown {
    const codec = this.#route.method.request;
    if (message instanceof Uint8Array) return decodeRequest(codec, message, true);
    const { slices, receiveBytesMax } = this.#connection;
    return new Promise((resolve, reject) => {
      slices.run(() => {
        try {
          if (this.isEnded) throw this.#reasonOfEnd();
          resolve(decodeRequest(codec, gunzipMessage(message.bytes, receiveBytesMax), true));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** For the queue: the handler has taken all that came. */
  onEmpty(): void {
    this.#connection.data.grantReceived(this);
  }

  override get isHoldingBack(): boolean {
    return !this.#received.isEmpty;
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    if (!this.countPayload(end - start) || this.#received.isEnded) return;
    const { receiveBytesMax } = this.#connection;
    try {
      if (this.#reader === null) {
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
      this.#received.end(error);
    }
  }

  #onMessage(message: Uint8Array, isCompressed: boolean): void {
    this.counts.onReceived(message.length);
    this.#received.push(isCompressed ? new CompressedMessage(message) : message);
  }

  /** Node's clients half-close before they cancel, in one write: what counts is where things stand after it. */
  onRemoteEnd(): void {
    if (!this.checkPayloadEnd()) return;
    this.#connection.endLater(this);
  }

  /** The request has ended, and was not cancelled in the same write. */
  endRequests(): void {
    const isWhole = this.#reader === null || this.#reader.isBetweenMessages;
    const error = isWhole
      ? null
      : new RpcError(Status.internal, 'the request ends in the middle of a message');
    this.#received.end(error);
  }

  send(response: unknown): boolean {
    return this.isEnded || this.sendEncoded(this.#route.method.response.encode(response));
  }

  sendEncoded(response: Uint8Array | readonly Uint8Array[]): boolean {
    if (this.isEnded) return true;
    this.respond(response);
    return this.hasRoom;
  }

  drained(): Promise<void> {
    if (this.isEnded || this.hasRoom) return Promise.resolve();
    this.#connection.scheduler.awaitRoom(this);
    return new Promise((resolve) => {
      this.#roomWaiters ??= [];
      this.#roomWaiters.push(resolve);
    });
  }

  protected override close(): void {
    super.close();
    this.#reader?.discard();
  }

  onWritable(): void {
    if (this.hasRoom || this.isEnded) this.#wakeSenders();
  }

  protected onStopped(): void {
    this.#received.abort(this.#reasonOfEnd());
    this.#wakeSenders();
  }

  #reasonOfEnd(): RpcError {
    return this.abortReason ?? new RpcError(Status.cancelled, 'the call has ended');
  }

  #wakeSenders(): void {
    const waiters = this.#roomWaiters;
    if (waiters === null) return;
    this.#roomWaiters = null;
    for (const wake of waiters) wake();
  }
}
