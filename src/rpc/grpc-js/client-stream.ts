import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { Clock } from '../../base/clock.js';
import type { MethodDescriptor } from '../../wire/descriptor.js';
import { WireError } from '../../wire/errors.js';
import { CallError, type ClientStream, Status } from '../service.js';
import { toCallError } from './call-error.js';
import { toBuffer } from './metadata.js';
import { PullReader } from './pull-reader.js';

/** The client's end of a streaming call over grpc-js. */
export class GrpcJsClientStream<Req, Res, ReqInit, ResInit> implements ClientStream<ReqInit, Res> {
  readonly responses: AsyncIterable<Res>;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #method: MethodDescriptor<Req, Res, ReqInit, ResInit>;
  readonly #reader: PullReader;
  /** How the call failed, once it has. */
  #failure: CallError | undefined;
  /** The call is over: nothing is sent any more. */
  #isEnded = false;
  #drainWaiters: (() => void)[] = [];

  constructor(
    call: ClientDuplexStream<Buffer, Buffer>,
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    clock: Clock,
  ) {
    this.#call = call;
    this.#method = method;
    this.#reader = new PullReader(call, (callback) => clock.defer(callback));
    this.responses = this.#readResponses();
    call.on('drain', () => this.#wakeWriters());
    call.on('error', (error: ServiceError) => this.#onOver(toCallError(error)));
    call.on('status', (status: { code: number }) => {
      if (status.code === Status.ok) this.#onOver(undefined);
    });
  }

  send(request: ReqInit): boolean {
    if (this.#isEnded) return true;
    return this.#call.write(toBuffer(this.#method.request.encode(request)));
  }

  drained(): Promise<void> {
    if (this.#isEnded || !this.#call.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drainWaiters.push(resolve);
    });
  }

  end(): void {
    if (!this.#isEnded) this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  /** Called once when the call's status is known. */
  onOver: () => void = () => {};

  #onOver(failure: CallError | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#failure = failure;
    if (failure !== undefined) this.#reader.close();
    this.#wakeWriters();
    this.onOver();
  }

  async *#readResponses(): AsyncGenerator<Res> {
    for (;;) {
      const bytes = await this.#reader.next();
      if (bytes === undefined) {
        if (this.#failure !== undefined) throw this.#failure;
        return;
      }
      yield this.#decode(bytes);
    }
  }

  #decode(bytes: Uint8Array): Res {
    try {
      return this.#method.response.decode(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#call.cancel();
      throw new CallError(Status.internal, `malformed response: ${error.message}`, true, {
        cause: error,
      });
    }
  }

  #wakeWriters(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const wake of waiters) wake();
  }
}
