import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Clock } from '../../base/clock.js';
import type { MethodDescriptor } from '../../wire/descriptor.js';
import { decodeRequest, type Route } from '../dispatch.js';
import type { MethodCounts } from '../method-counts.js';
import { type Metadata, RpcError, type ServerStream, Status } from '../service.js';
import { fromGrpcMetadata, peerOf, toBuffer } from './metadata.js';
import { PullReader } from './pull-reader.js';
import { cancelReason, timeoutMs } from './unary-call.js';

type GrpcStream = ServerDuplexStream<Buffer, Buffer>;

/**
 * A streaming call of any kind. Every kind is registered with grpc-js as bidirectional: on the wire they are the same,
 * and the handler decides how much it reads and writes.
 */
export class GrpcJsStreamCall implements ServerStream<unknown, unknown> {
  readonly timeoutMs: number | null;
  readonly requests: AsyncIterable<unknown>;
  readonly #call: GrpcStream;
  readonly #method: MethodDescriptor<unknown, unknown>;
  readonly #counts: MethodCounts;
  readonly #reader: PullReader;
  readonly #abort = new AbortController();
  #metadata: Metadata | undefined;
  /** A status has been sent, or the call was cancelled. Invariant: once set, nothing is written and no signal fires. */
  #isEnded = false;
  /** Whoever waits for room to write, or for the end. */
  #drainWaiters: (() => void)[] = [];

  constructor(call: GrpcStream, { method, counts }: Route, clock: Clock) {
    this.#call = call;
    this.#method = method;
    this.#counts = counts;
    this.timeoutMs = timeoutMs(call.getDeadline(), clock);
    this.#reader = new PullReader(call, (callback) => clock.defer(callback));
    this.requests = this.#readRequests();
    call.on('drain', () => this.#wakeWriters());
    call.once('cancelled', () => this.#onCancelled(cancelReason(call.getDeadline(), clock)));
  }

  get metadata(): Metadata {
    this.#metadata ??= fromGrpcMetadata(this.#call.metadata);
    return this.#metadata;
  }

  get peer(): string {
    return peerOf(this.#call.metadata);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  send(response: unknown): boolean {
    return this.#isEnded ? true : this.sendEncoded(this.#method.response.encode(response));
  }

  sendEncoded(response: Uint8Array | readonly Uint8Array[]): boolean {
    if (this.#isEnded) return true;
    const whole = response instanceof Uint8Array ? toBuffer(response) : Buffer.concat(response);
    this.#counts.onSent(whole.length);
    return this.#call.write(whole);
  }

  drained(): Promise<void> {
    if (this.#isEnded || !this.#call.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drainWaiters.push(resolve);
    });
  }

  /** Ends the call with OK (null) or an error, once: what comes first counts. */
  finish(error: RpcError | null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (error === null) this.#call.end();
    else this.#call.emit('error', { code: error.code, details: error.message });
    this.#reader.close();
    this.#wakeWriters();
  }

  /** Ends the call although its handler is still at it. */
  stop(error: RpcError): void {
    if (this.#isEnded) return;
    this.#abort.abort(error);
    this.finish(error);
  }

  #onCancelled(reason: RpcError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#abort.abort(reason);
    this.#reader.close();
    this.#wakeWriters();
  }

  async *#readRequests(): AsyncGenerator<unknown> {
    for (;;) {
      const bytes = await this.#reader.next();
      if (bytes !== undefined) {
        this.#counts.onReceived(bytes.length);
        yield decodeRequest(this.#method.request, bytes, true);
      } else if (!this.#isEnded) return;
      else throw this.signal.reason ?? new RpcError(Status.cancelled, 'the call has ended');
    }
  }

  #wakeWriters(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const wake of waiters) wake();
  }
}
