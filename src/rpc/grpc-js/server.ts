import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ConnectionInjector,
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  setLogVerbosity,
} from '@grpc/grpc-js';
import type { Logger } from '../../base/logger.js';
import {
  decodeRequest,
  encodeAnswer,
  type Route,
  Routes,
  serverClosing,
  toRpcError,
} from '../dispatch.js';
import type { MethodCounts } from '../method-counts.js';
import type { RpcServer, RpcServerOptions } from '../server.js';
import { PendingAnswer, Status, streamEnd } from '../service.js';
import { AuthorityFilter } from './authority-filter.js';
import { identity, toBuffer } from './metadata.js';
import { GrpcJsStreamCall } from './stream-call.js';
import { goTexts, StreamHook } from './stream-hook.js';
import { GrpcJsUnaryCall } from './unary-call.js';

/**
 * The engine on top of @grpc/grpc-js. It silences that library's own log, which any client could fill at will; what
 * matters of it reaches `logger` as failed calls.
 */
export function createGrpcJsServer(options: RpcServerOptions): RpcServer {
  setLogVerbosity(logVerbosity.NONE);
  return new GrpcJsServer(options);
}

class GrpcJsServer implements RpcServer {
  readonly #options: RpcServerOptions;
  readonly #logger: Logger;
  readonly #server: Server;
  readonly #injector: ConnectionInjector;
  readonly #routes: Routes;
  readonly #hook: StreamHook;
  readonly #connections = new Set<Duplex>();
  /** Streaming calls in progress, to be ended when the server closes. */
  readonly #streams = new Set<GrpcJsStreamCall>();
  #closed: Promise<void> | undefined;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.#server = new Server({
      'grpc.max_receive_message_length': options.limits.receiveBytesMax,
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': options.limits.concurrentStreamsMax,
      'grpc.keepalive_time_ms': options.keepalive.intervalMs,
      'grpc.keepalive_timeout_ms': options.keepalive.timeoutMs,
      ...(options.connectionAge && {
        'grpc.max_connection_age_ms': options.connectionAge.maxMs,
        'grpc.max_connection_age_grace_ms': options.connectionAge.graceMs,
      }),
      'grpc.enable_channelz': 0,
      interceptors: [goTexts],
    });
    const routes = new Routes(options.services);
    for (const route of routes.all()) this.#register(route);
    this.#routes = routes;
    this.#hook = new StreamHook(this.#server, routes);
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  attach(connection: Duplex): void {
    if (this.#closed !== undefined) {
      connection.destroy();
      return;
    }
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
    const filtered = new AuthorityFilter(connection);
    this.#hook.injecting(peerOf(connection), () => this.#injector.injectConnection(filtered));
  }

  counts(): readonly MethodCounts[] {
    return this.#routes.counts();
  }

  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed ??= this.#drain(graceMs);
    return this.#closed;
  }

  async #drain(graceMs: number): Promise<void> {
    const { clock } = this.#options;
    const drained = new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => resolve());
    });
    for (const stream of this.#streams) stream.stop(serverClosing());
    const timer = clock.setTimer(graceMs, () => {
      for (const connection of this.#connections) connection.destroy();
    });
    await drained;
    clock.clearTimer(timer);
  }

  #register(route: Route): void {
    const { path } = route.method;
    if (route.kind === 'unary') {
      const handle = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) =>
        void this.#runUnary(route, call, done);
      this.#server.register(path, handle, identity, identity, 'unary');
    } else {
      const handle = (call: ServerDuplexStream<Buffer, Buffer>) =>
        void this.#runStream(route, call);
      this.#server.register(path, handle, identity, identity, 'bidi');
    }
  }

  async #runUnary(
    route: Route & { kind: 'unary' },
    grpcCall: ServerUnaryCall<Buffer, Buffer>,
    done: sendUnaryData<Buffer>,
  ): Promise<void> {
    const call = new GrpcJsUnaryCall(grpcCall, this.#options.clock);
    const { counts } = route;
    counts.started++;
    counts.onReceived(grpcCall.request.length);
    try {
      const request = decodeRequest(route.method.request, grpcCall.request, false);
      const answer = route.handler(request, call);
      const response = await (answer instanceof PendingAnswer ? answer.promise() : answer);
      call.finish();
      const bytes = encodeAnswer(route.method.response, response);
      counts.onSent(bytes.length);
      counts.onEnded(Status.ok);
      done(null, toBuffer(bytes));
    } catch (error) {
      call.finish();
      const status = toRpcError(error, route.method.path, this.#logger);
      counts.onEnded(status.code);
      done({ code: status.code, details: status.message });
    }
  }

  async #runStream(
    route: Route & { kind: 'stream' },
    grpcCall: ServerDuplexStream<Buffer, Buffer>,
  ): Promise<void> {
    const { counts } = route;
    const stream = new GrpcJsStreamCall(grpcCall, route, this.#options.clock);
    counts.started++;
    this.#streams.add(stream);
    try {
      await streamEnd(() => route.handler(stream));
      counts.onEnded(Status.ok);
      stream.finish(null);
    } catch (error) {
      const status = toRpcError(error, route.method.path, this.#logger);
      counts.onEnded(status.code);
      stream.finish(status);
    } finally {
      this.#streams.delete(stream);
    }
  }
}

function peerOf(connection: Duplex): string {
  if (!(connection instanceof Socket)) return 'unknown';
  return `${connection.remoteAddress}:${connection.remotePort}`;
}
