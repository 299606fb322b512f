import { assert } from '../../base/assert.js';
import type { MethodDescriptor } from '../../wire/descriptor.js';
import { WireError } from '../../wire/errors.js';
import { CallError, type ClientStream, Status } from '../service.js';
import type { CallListener } from './client-call.js';
import { MessageQueue } from './message-queue.js';
import type { OutgoingCall } from './outgoing-call.js';

/** The caller's end of a streaming call. */
export class Http2ClientStream<Req, Res, ReqInit, ResInit>
  implements ClientStream<ReqInit, Res>, CallListener
{
  readonly responses: AsyncIterable<Res>;
  readonly #method: MethodDescriptor<Req, Res, ReqInit, ResInit>;
  readonly #received: MessageQueue<Res>;
  #call: OutgoingCall | null = null;
  #roomWaiters: (() => void)[] = [];

  constructor(method: MethodDescriptor<Req, Res, ReqInit, ResInit>) {
    this.#method = method;
    this.#received = new MessageQueue({
      decode: (bytes) => this.#decode(bytes),
      onEmpty: () => this.#call?.onTaken(),
    });
    this.responses = this.#received;
  }

  /** Gives the stream its call, once, before anything else. */
  attach(call: OutgoingCall): void {
    assert(this.#call === null);
    this.#call = call;
  }

  send(request: ReqInit): boolean {
    const call = this.#attached();
    if (call.isOver) return true;
    call.send(this.#method.request.encode(request), false);
    return call.hasRoom;
  }

  drained(): Promise<void> {
    const call = this.#attached();
    if (call.hasRoom) return Promise.resolve();
    call.awaitRoom();
    return new Promise((resolve) => {
      this.#roomWaiters.push(resolve);
    });
  }

  end(): void {
    this.#attached().end();
  }

  cancel(): void {
    this.#attached().cancel(Status.cancelled, 'the call was cancelled');
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
    if (this.#attached().hasRoom) this.#wakeSenders();
  }

  #attached(): OutgoingCall {
    assert(this.#call !== null);
    return this.#call;
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
