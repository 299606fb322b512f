import { decodeRequest, type Route, toRpcError } from '../dispatch.js';
import { RpcError, type ServerStream, Status } from '../service.js';
import { CompressedMessage, gunzipMessage } from './compression.js';
import { MessageQueue } from './message-queue.js';
import { MessageReader } from './message-reader.js';
import type { RequestHead } from './request-head.js';
import { ServerCall } from './server-call.js';
import type { ServerConnection } from './server-connection.js';

type StreamRoute = Route & { readonly kind: 'stream' };

/** A streaming call of any kind: on the wire they are alike, and the handler decides how much it reads and sends. */
export class Http2StreamCall extends ServerCall implements ServerStream<unknown, unknown> {
  readonly requests: AsyncIterable<unknown>;
  readonly #connection: ServerConnection;
  readonly #route: StreamRoute;
  readonly #reader: MessageReader;
  readonly #received: MessageQueue<unknown, Uint8Array | CompressedMessage>;
  /** Whoever waits for room to send, or for the end. */
  #roomWaiters: (() => void)[] = [];

  constructor(connection: ServerConnection, id: number, head: RequestHead, route: StreamRoute) {
    super(connection, id, head);
    this.#connection = connection;
    this.#route = route;
    this.#received = new MessageQueue({
      decode: (message) => this.#decode(message),
      onEmpty: () => connection.data.grantReceived(this),
    });
    this.requests = this.#received;
    this.#reader = new MessageReader({
      bytesMax: connection.receiveBytesMax,
      encoding: head.encoding,
      onMessage: (message, isCompressed) =>
        this.#received.push(isCompressed ? new CompressedMessage(message) : message),
      onRoom: (change) => connection.reserve(change),
    });
  }

  /** Calls the handler; the call ends when it settles. */
  start(): void {
    this.#connection.onHandlerStarted();
    void this.#run();
  }

  async #run(): Promise<void> {
    let error: RpcError | null = null;
    try {
      await this.#route.handler(this);
    } catch (reason) {
      error = toRpcError(reason, this.#route.method.path, this.#connection.logger);
    }
    this.settle();
    this.finish(error);
    this.#received.discard();
  }

  #decode(message: Uint8Array | CompressedMessage): unknown {
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

  override get isHoldingBack(): boolean {
    return !this.#received.isEmpty;
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    if (!this.countPayload(end - start) || this.#received.isEnded) return;
    try {
      this.#reader.push(bytes, start, end);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.#received.end(error);
    }
  }

  /** Node's clients half-close before they cancel, in one write: what counts is where things stand after it. */
  onRemoteEnd(): void {
    if (!this.checkPayloadEnd()) return;
    const error = this.#reader.isBetweenMessages
      ? null
      : new RpcError(Status.internal, 'the request ends in the middle of a message');
    this.#connection.clock.defer(() => this.#received.end(error));
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
      this.#roomWaiters.push(resolve);
    });
  }

  protected override close(): void {
    super.close();
    this.#reader.discard();
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
    this.#roomWaiters = [];
    for (const wake of waiters) wake();
  }
}
