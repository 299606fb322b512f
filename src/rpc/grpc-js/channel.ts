import {
  ChannelCredentials,
  Client,
  Metadata as GrpcMetadata,
  logVerbosity,
  setLogVerbosity,
} from '@grpc/grpc-js';
import type { Clock } from '../../base/clock.js';
import type { MessageCodec, MethodDescriptor } from '../../wire/descriptor.js';
import { WireError } from '../../wire/errors.js';
import {
  CallError,
  type CallOptions,
  type Channel,
  type ClientStream,
  RpcError,
  Status,
} from '../service.js';
import { notSent, toCallError } from './call-error.js';
import { GrpcJsClientStream } from './client-stream.js';
import { identity, toBuffer } from './metadata.js';

/** Options of a channel. */
export interface GrpcJsChannelOptions {
  readonly clock: Clock;
  /** PEM texts; given for `https` endpoints. Without `ca` the system's authorities count. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    /** The name expected in the server's certificate, when it is not the endpoint's host. */
    readonly serverName?: string;
    /** Takes any server certificate. For tests only. */
    readonly isUnverified?: boolean;
  };
  /** Milliseconds between pings while calls are in progress, and to wait for an answer. Default: no pings. */
  readonly keepalive?: { readonly intervalMs: number; readonly timeoutMs: number };
  /** Longest wait before connecting again, milliseconds. Default 1000. */
  readonly reconnectMsMax?: number;
  /** Bytes of the largest response. Default 2^31-1, as etcd's clients have it. */
  readonly receiveBytesMax?: number;
}

/** A channel to `http://host:port`, `https://host:port`, `unix:///path` or plain `host:port`. It connects on the first call. */
export function createGrpcJsChannel(endpoint: string, options: GrpcJsChannelOptions): Channel {
  setLogVerbosity(logVerbosity.NONE);
  return new GrpcJsChannel(endpoint, options);
}

class GrpcJsChannel implements Channel {
  readonly #client: Client;
  readonly #clock: Clock;
  /** Cancels of the calls in progress. */
  readonly #cancels = new Set<() => void>();
  #isClosed = false;

  constructor(endpoint: string, options: GrpcJsChannelOptions) {
    this.#clock = options.clock;
    const { target, isSecure } = parseEndpoint(endpoint);
    const reconnectMsMax = options.reconnectMsMax ?? 1000;
    const { keepalive, tls } = options;
    this.#client = new Client(
      target,
      isSecure ? secureCredentials(tls ?? {}) : ChannelCredentials.createInsecure(),
      {
        'grpc.initial_reconnect_backoff_ms': Math.min(100, reconnectMsMax),
        'grpc.max_reconnect_backoff_ms': reconnectMsMax,
        'grpc.min_reconnect_backoff_ms': Math.min(100, reconnectMsMax),
        'grpc.dns_min_time_between_resolutions_ms': reconnectMsMax,
        'grpc.max_receive_message_length': options.receiveBytesMax ?? 2 ** 31 - 1,
        'grpc.max_send_message_length': -1,
        'grpc.service_config_disable_resolution': 1,
        'grpc.enable_http_proxy': 0,
        'grpc.use_local_subchannel_pool': 1,
        'grpc.enable_channelz': 0,
        ...(keepalive && {
          'grpc.keepalive_time_ms': keepalive.intervalMs,
          'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
        }),
        ...(tls?.serverName !== undefined && {
          'grpc.ssl_target_name_override': tls.serverName,
          'grpc.default_authority': tls.serverName,
        }),
      },
    );
  }

  unary<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: ReqInit,
    options: CallOptions = {},
  ): Promise<Res> {
    const refusal = this.#refusal(options);
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        method.path,
        identity,
        identity,
        toBuffer(method.request.encode(request)),
        toGrpcMetadata(options),
        this.#callOptions(options),
        (error, response) => {
          over();
          if (error) reject(toCallError(error));
          else
            settle(
              () => decodeResponse(method.response, response ?? Buffer.alloc(0)),
              resolve,
              reject,
            );
        },
      );
      const over = this.#track(() => call.cancel(), options.signal);
    });
  }

  stream<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    options: CallOptions = {},
  ): ClientStream<ReqInit, Res> {
    const refusal = this.#refusal(options);
    if (refusal !== undefined) return failedStream(refusal);
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      identity,
      identity,
      toGrpcMetadata(options),
      this.#callOptions(options),
    );
    const stream = new GrpcJsClientStream(call, method, this.#clock);
    stream.onOver = this.#track(() => call.cancel(), options.signal);
    return stream;
  }

  /** Cancels the calls in progress and closes the connection. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const cancel of [...this.#cancels]) cancel();
    this.#client.close();
  }

  #refusal(options: CallOptions): CallError | undefined {
    if (this.#isClosed) return notSent(Status.cancelled, 'the channel is closed');
    if (options.signal?.aborted) return notSent(Status.cancelled, 'the call was cancelled');
    return undefined;
  }

  #callOptions({ timeoutMs }: CallOptions): { deadline?: number } {
    return timeoutMs === undefined ? {} : { deadline: this.#clock.wallTime() + timeoutMs };
  }

  /** Ties a call to its signal and to the channel; returns what to call when it is over. */
  #track(cancel: () => void, signal: AbortSignal | undefined): () => void {
    this.#cancels.add(cancel);
    signal?.addEventListener('abort', cancel, { once: true });
    return () => {
      this.#cancels.delete(cancel);
      signal?.removeEventListener('abort', cancel);
    };
  }
}

function decodeResponse<Res>(codec: MessageCodec<Res, never>, bytes: Uint8Array): Res {
  try {
    return codec.decode(bytes);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CallError(Status.internal, `malformed response: ${error.message}`, true, {
      cause: error,
    });
  }
}

function settle<T>(make: () => T, resolve: (value: T) => void, reject: (error: unknown) => void) {
  try {
    resolve(make());
  } catch (error) {
    reject(error);
  }
}

function toGrpcMetadata({ metadata }: CallOptions): GrpcMetadata {
  const result = new GrpcMetadata();
  for (const [key, value] of Object.entries(metadata ?? {})) result.set(key, value);
  return result;
}

function secureCredentials(tls: NonNullable<GrpcJsChannelOptions['tls']>): ChannelCredentials {
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  return ChannelCredentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert), {
    rejectUnauthorized: tls.isUnverified !== true,
  });
}

function parseEndpoint(endpoint: string): { target: string; isSecure: boolean } {
  const match = /^(https?):\/\/([^/]+)\/?$/.exec(endpoint);
  if (match) return { target: `dns:${match[2]}`, isSecure: match[1] === 'https' };
  if (/^unix:/.test(endpoint)) return { target: endpoint, isSecure: false };
  if (/^[^/\s]+:\d+$/.test(endpoint)) return { target: `dns:${endpoint}`, isSecure: false };
  throw new RpcError(
    Status.invalidArgument,
    `cannot use endpoint ${JSON.stringify(endpoint)}: write http://HOST:PORT or https://HOST:PORT`,
  );
}

function failedStream<Req, Res>(failure: CallError): ClientStream<Req, Res> {
  return {
    send: () => true,
    drained: async () => {},
    end() {},
    cancel() {},
    responses: {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failure) }),
    },
  };
}
