import type { Clock } from '../../base/clock.js';
import type { MethodDescriptor } from '../../wire/descriptor.js';
import {
  CallError,
  type CallOptions,
  type Channel,
  type ClientStream,
  Status,
} from '../service.js';
import { CallList } from './call-list.js';
import { Http2ClientStream } from './client-stream.js';
import { Connector } from './connector.js';
import { DeadlineWatch } from './deadline-watch.js';
import { type ChannelTls, type Endpoint, parseEndpoint } from './endpoint.js';
import type { CallOwner, CallTarget, OutgoingCall } from './outgoing-call.js';
import { UnaryRequest } from './unary-request.js';

/** Options of a channel. */
export interface Http2ChannelOptions {
  readonly clock: Clock;
  /** Given for `https` endpoints. */
  readonly tls?: ChannelTls;
  /** Milliseconds between pings while calls are in progress, and to wait for an answer. Default: no pings. */
  readonly keepalive?: { readonly intervalMs: number; readonly timeoutMs: number };
  /** Longest wait before connecting again, milliseconds. Default 1000. */
  readonly reconnectMsMax?: number;
  /** Bytes of the largest response. Default 2^31-1, as etcd's clients have it. */
  readonly receiveBytesMax?: number;
}

/** A channel to `http://host:port`, `https://host:port`, `unix:///path` or plain `host:port`. It connects on the first call. */
export function createHttp2Channel(endpoint: string, options: Http2ChannelOptions): Channel {
  return new Http2Channel(parseEndpoint(endpoint, options.tls ?? {}), options);
}

/** A channel to one endpoint. */
export class Http2Channel implements Channel, CallOwner {
  readonly #clock: Clock;
  readonly #connector: Connector;
  /** Calls in progress, waiting ones included. */
  readonly #calls = new CallList<OutgoingCall>();
  readonly #deadlines: DeadlineWatch;
  #isClosed = false;

  constructor(endpoint: Endpoint, options: Omit<Http2ChannelOptions, 'tls'>) {
    this.#clock = options.clock;
    this.#deadlines = new DeadlineWatch(options.clock, () => this.#calls);
    this.#connector = new Connector({
      endpoint,
      clock: options.clock,
      keepalive: options.keepalive ?? null,
      reconnectMsMax: options.reconnectMsMax ?? 1000,
      receiveBytesMax: options.receiveBytesMax ?? 2 ** 31 - 1,
    });
  }

  unary<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: ReqInit,
    options: CallOptions = {},
  ): Promise<Res> {
    return new Promise((resolve, reject) => {
      const target = this.#target(method.path, options);
      const call = new UnaryRequest(target, method.response, resolve, reject);
      this.#start(call, options);
      call.send(method.request.encode(request), true);
    });
  }

  stream<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    options: CallOptions = {},
  ): ClientStream<ReqInit, Res> {
    const stream = new Http2ClientStream(this.#target(method.path, options), method);
    this.#start(stream.call, options);
    return stream;
  }

  #target(path: string, options: CallOptions): CallTarget {
    const { timeoutMs } = options;
    const deadlineMs = timeoutMs === undefined ? Infinity : this.#clock.now() + timeoutMs;
    return { owner: this, path, options, deadlineMs };
  }

  #start(call: OutgoingCall, options: CallOptions): void {
    const refusal = this.#refusal(options);
    if (refusal !== null) {
      // Not before the caller has the call in hand.
      this.#clock.defer(() => call.fail(refusal));
      return;
    }
    this.#calls.add(call);
    this.#deadlines.add(call.deadlineMs);
    this.#connector.start(call);
  }

  onCallRefused(call: OutgoingCall): void {
    this.#connector.start(call);
  }

  onCallOver(call: OutgoingCall): void {
    this.#calls.delete(call);
    this.#connector.forget(call);
  }

  #refusal(options: CallOptions): CallError | null {
    if (this.#isClosed) return new CallError(Status.cancelled, 'the channel is closed', false);
    if (options.signal?.aborted) {
      return new CallError(Status.cancelled, 'the call was cancelled', false);
    }
    return null;
  }

  /** Cancels the calls in progress and closes the connection. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const call of [...this.#calls]) call.cancel(Status.cancelled, 'the channel is closed');
    this.#deadlines.stop();
    this.#connector.close();
  }
}
