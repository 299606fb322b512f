import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { HttpRoutes } from './http-routes.js';
import type { MethodCounts } from './method-counts.js';
import type { ServiceImplementation } from './service.js';
import type { WebHandler } from './web.js';

/** What a server engine is made with. */
export interface RpcServerOptions {
  readonly services: readonly ServiceImplementation[];
  /**
   * What is answered to requests over HTTP/2 that are no gRPC calls, as HTTP clients make them that negotiate it over TLS. The
   * engine on grpc-js does not answer them.
   */
  readonly http?: HttpRoutes;
  /** Answers what is neither a gRPC call nor among `http`. The engine on grpc-js does not ask it. */
  readonly web?: WebHandler;
  readonly clock: Clock;
  /** Has the durations of calls counted as well. The engine on grpc-js does not. */
  readonly timesCalls?: boolean;
  readonly logger: Logger;
  readonly limits: {
    /** Bytes of one request message; a larger one answers `resourceExhausted`. */
    readonly receiveBytesMax: number;
    /** Calls in progress on one connection; more wait at the caller (HTTP/2 SETTINGS_MAX_CONCURRENT_STREAMS). */
    readonly concurrentStreamsMax: number;
  };
  readonly keepalive: {
    /** Milliseconds without traffic after which a connection is pinged; 0 for never. */
    readonly intervalMs: number;
    /** Milliseconds to wait for the answer before the connection is dropped. */
    readonly timeoutMs: number;
    /**
     * Milliseconds that callers with calls in progress must leave between their pings; who keeps pinging more often is sent
     * away (GOAWAY, `too_many_pings`). Undefined: only floods are. The engine on grpc-js does not enforce it.
     */
    readonly minTimeMs?: number;
  };
  /**
   * How long a connection may live: after `maxMs`, a tenth more or less so that not all go at once, callers are told to open
   * another; calls in progress have `graceMs` more. Undefined: for ever.
   */
  readonly connectionAge?: { readonly maxMs: number; readonly graceMs: number };
}

/** Serves gRPC on connections that others accept. */
export interface RpcServer {
  /** Takes over a connection that is about to send the HTTP/2 preface. No byte of it has been consumed. */
  attach(connection: Duplex): void;
  /** What became of the calls of each method that has a handler. */
  counts(): readonly MethodCounts[];
  /**
   * Sends GOAWAY on every connection, ends the streaming calls with `unavailable`, lets unary calls finish for up to
   * `graceMs`, then drops what is left. Resolves when no connection is open.
   */
  close(options: { readonly graceMs: number }): Promise<void>;
}
