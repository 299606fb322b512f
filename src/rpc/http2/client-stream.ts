import type { MethodDescriptor } from '../../wire/descriptor.js';
import { WireError } from '../../wire/errors.js';
import { CallError, type ClientStream, Status } from '../service.js';
import { MessageQueue } from './message-queue.js';
import { type CallTarget, OutgoingCall } from './outgoing-call.js';

/** What a stream's call tells it. */
interface StreamEvents {
  readonly isHoldingBack: boolean;
  onMessage(message: Uint8Array): void;
  onOver(error: CallError | null): void;
  onWritable(): void;
}

/** The call under a stream. */
class StreamRequest extends OutgoingCall {
  readonly #stream: StreamEvents;

  constructor(target: CallTarget, stream: StreamEvents) {
    super(target);
    this.#stream = stream;
  }

  get isHoldingBack(): boolean {
    return this.#stream.isHoldingBack;
  }

  onWritable(): void {
    this.#stream.onWritable();
  }

  protected onResponse(message: Uint8Array): void {
    this.#stream.onMessage(message);
  }

  protected onEnded(error: CallError | null): void {
    this.#stream.onOver(error);
  }
}

/** The caller's end of a streaming call. */
export class Http2ClientStream<Req, Res, ReqInit, ResInit> implements ClientStream<ReqInit, Res> {
  readonly responses: AsyncIterable<Res>;
  readonly #method: MethodDescriptor<Req, Res, ReqInit, ResInit>;
  readonly #received: MessageQueue<Res>;
  /** The call that carries it, for whoever is to send it. */
  readonly call: OutgoingCall;
  #roomWaiters: (() => void)[] = [];

  constructor(target: CallTarget, method: MethodDescriptor<Req, Res, ReqInit, ResInit>) {
    this.#method = method;
    this.call = new StreamRequest(target, this);
    this.#received = new MessageQueue({
      decode: (bytes) => this.#decode(bytes),
      onEmpty: () => this.call.onTaken(),
    });
    this.responses = this.#received;
  }

  send(request: ReqInit): boolean {
    const { call } = this;
    if (call.isOver) return true;
    call.send(this.#method.request.encode(request), false);
    return call.hasRoom;
  }

  drained(): Promise<void> {
    const { call } = this;
    if (call.hasRoom) return Promise.resolve();
    call.awaitRoom();
    return new Promise((resolve) => {
      this.#roomWaiters.push(resolve);
    });
  }

  end(): void {
    this.call.end();
  }

  cancel(): void {
    this.call.cancel(Status.cancelled, 'the call was cancelled');
  }

  get isHoldingBack(): boolean {
    return !this.#received.isEmpty;
  }

  onMessage(message: Uint8Array): void {
    this.#received.push(message);
  }

  /** What was received before is read first. */
  onOver(error: CallError | null): void {
    this.#received.end(error);
    this.#wakeSenders();
  }

  onWritable(): void {
    if (this.call.hasRoom) this.#wakeSenders();
  }

  #decode(bytes: Uint8Array): Res {
    try {
      return this.#method.response.decode(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.cancel();
      const text = `malformed response: ${error.message}`;
      throw new CallError(Status.internal, text, true, { cause: error });
    }
  }

  #wakeSenders(): void {
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const wake of waiters) wake();
  }
}
