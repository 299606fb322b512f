import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { Clock } from '../../base/clock.js';
import { type Metadata, RpcError, Status, type UnaryCall } from '../service.js';
import { fromGrpcMetadata, peerOf } from './metadata.js';

/** A unary call as its handler sees it. What few handlers ask for is made when asked for. */
export class GrpcJsUnaryCall implements UnaryCall {
  readonly requestBytes: Uint8Array;
  readonly timeoutMs: number | null;
  readonly #call: ServerUnaryCall<Buffer, Buffer>;
  readonly #clock: Clock;
  #metadata: Metadata | undefined;
  #abort: AbortController | undefined;
  /** The handler has settled. Invariant: once set, the signal does not fire. */
  #isFinished = false;

  constructor(call: ServerUnaryCall<Buffer, Buffer>, clock: Clock) {
    this.#call = call;
    this.#clock = clock;
    this.requestBytes = call.request;
    this.timeoutMs = timeoutMs(call.getDeadline(), clock);
  }

  get metadata(): Metadata {
    this.#metadata ??= fromGrpcMetadata(this.#call.metadata);
    return this.#metadata;
  }

  get peer(): string {
    return peerOf(this.#call.metadata);
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      const call = this.#call;
      const cancel = () => {
        if (!this.#isFinished) abort.abort(cancelReason(call.getDeadline(), this.#clock));
      };
      if (call.cancelled) cancel();
      else call.once('cancelled', cancel);
    }
    return this.#abort.signal;
  }

  /** Called when the handler has settled. */
  finish(): void {
    this.#isFinished = true;
  }
}

/** Milliseconds left until a grpc-js deadline (wall-clock milliseconds, a Date, or Infinity for none). */
export function timeoutMs(deadline: Date | number, clock: Clock): number | null {
  const at = Number(deadline);
  return Number.isFinite(at) ? Math.max(0, at - clock.wallTime()) : null;
}

/** Why a call was cancelled: grpc-js reports a deadline and a cancellation by one event. */
export function cancelReason(deadline: Date | number, clock: Clock): RpcError {
  return clock.wallTime() >= Number(deadline)
    ? new RpcError(Status.deadlineExceeded, 'context deadline exceeded')
    : new RpcError(Status.cancelled, 'context canceled');
}
