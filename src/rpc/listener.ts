import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { assert } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { ListenError, listenErrorOf } from '../host/listen-error.js';
import { type HttpRoutes, httpListener } from './http-routes.js';
import type { RpcServer } from './server.js';
import { sniffProtocol } from './sniff.js';

/** Certificates for TLS, as PEM text. */
export interface ListenerTls {
  readonly cert: string;
  readonly key: string;
  /** Who signs clients' certificates; null accepts none. */
  readonly clientCa: string | null;
  /** Refuses clients without a certificate signed by `clientCa`. */
  readonly clientCertAuth: boolean;
}

/**
 * Milliseconds of silence after which the kernel asks whether the other machine is still there, as Go's servers have it: a
 * connection of which only our half is left ends within a minute.
 */
const keepaliveDelayMs = 15_000;

/** What a listener needs. */
export interface ListenerOptions {
  /** `http://host:port` or `https://host:port` (then `tls` is given). Port 0 takes a free one; see {@link Listener.port}. */
  readonly url: string;
  readonly tls: ListenerTls | null;
  /** Takes the HTTP/2 connections. The listener does not close it. */
  readonly rpc: RpcServer;
  /** Answers HTTP/1.1 on the same port. */
  readonly http: HttpRoutes;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds that a new connection may keep silent, and an HTTP/1.1 client may take to say what it wants. */
  readonly silenceMsMax: number;
}

/** An open port that serves gRPC and HTTP/1.1. */
export interface Listener {
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  /**
   * Stops accepting, and finishes HTTP/1.1 requests for up to `graceMs`. Resolves when every connection is closed, those
   * given to the RPC engine included: close that one at the same time, not after.
   */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Opens a listener; rejects with {@link ListenError}. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { host, port } = parseListenUrl(options.url, options.tls !== null);
  const listener = new SharedPortListener(options);
  await listener.open(host, port);
  return listener;
}

function parseListenUrl(url: string, isTls: boolean): { host: string; port: number } {
  const bad = (what: string) =>
    new ListenError('bad-address', `cannot listen on ${JSON.stringify(url)}: ${what}`);
  if (!URL.canParse(url)) throw bad('it is not a URL; write http://ADDRESS:PORT');
  const parsed = new URL(url);
  const expected = isTls ? 'https:' : 'http:';
  if (parsed.protocol !== expected) {
    throw bad(`the scheme must be ${expected}//${isTls ? ' because certificates are given' : ''}`);
  }
  const text = /^https?:\/\/(?:\[[^\]]*\]|[^/:]*):(\d+)/i.exec(url)?.[1];
  if (text === undefined) throw bad('the port is missing; write http://ADDRESS:PORT');
  return { host: parsed.hostname.replace(/^\[|\]$/g, ''), port: Number(text) };
}

class SharedPortListener implements Listener {
  readonly url: string;
  readonly #options: ListenerOptions;
  readonly #server: net.Server;
  readonly #http: http.Server;
  /** Connections not handed to the RPC engine. */
  readonly #connections = new Set<Duplex>();
  #isClosing = false;

  constructor(options: ListenerOptions) {
    this.url = options.url;
    this.#options = options;
    this.#http = createHttpServer(options);
    this.#server =
      options.tls === null
        ? net.createServer({ noDelay: true })
        : createTlsServer(options.url, options.tls);
    const event = options.tls === null ? 'connection' : 'secureConnection';
    this.#server.on(event, (socket: net.Socket) => void this.#onConnection(socket));
    this.#server.on('tlsClientError', (error: Error, socket: net.Socket) => {
      options.logger.debug('TLS handshake failed', { error: error.message });
      socket.destroy();
    });
  }

  get port(): number {
    const address = this.#server.address();
    assert(address !== null && typeof address === 'object', 'the listener is not open');
    return address.port;
  }

  open(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const onError = (error: Error) => reject(listenErrorOf(this.url, error));
      this.#server.once('error', onError);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', onError);
        this.#server.on('error', (error) => {
          this.#options.logger.warn('cannot accept a connection', {
            url: this.url,
            error: error.message,
          });
        });
        resolve();
      });
    });
  }

  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#http.close();
    for (const connection of this.#connections) {
      if (!busyWithHttp(connection)) connection.destroy();
    }
    const timer = this.#options.clock.setTimer(graceMs, () => {
      for (const connection of this.#connections) connection.destroy();
    });
    await closed;
    this.#options.clock.clearTimer(timer);
  }

  async #onConnection(socket: net.Socket): Promise<void> {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    socket.on('error', () => {
      // A reset by the peer; 'close' follows and is what counts.
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepaliveDelayMs);
    const { clock, silenceMsMax } = this.#options;
    const protocol = await sniffProtocol(socket, { clock, timeoutMs: silenceMsMax });
    if (protocol === null) return;
    if (this.#isClosing || socket.destroyed) {
      socket.destroy();
    } else if (protocol === 'http2') {
      this.#connections.delete(socket);
      this.#options.rpc.attach(socket);
    } else {
      this.#http.emit('connection', socket);
    }
  }
}

/** A node:http server for connections that others accept. */
function createHttpServer({ http: routes, logger, silenceMsMax }: ListenerOptions): http.Server {
  const server = http.createServer(
    { headersTimeout: silenceMsMax, connectionsCheckingInterval: silenceMsMax / 4 },
    httpListener(routes, logger),
  );
  server.on('clientError', (_error, socket) => socket.destroy());
  // It looks for requests that take too long only once it listens, which it never does by itself here.
  server.emit('listening');
  return server;
}

/** Whether a request is in progress on a connection that node:http took over. */
function busyWithHttp(connection: Duplex): boolean {
  const message: unknown = '_httpMessage' in connection ? connection._httpMessage : null;
  return message !== null && message !== undefined;
}

function createTlsServer(url: string, options: ListenerTls): tls.Server {
  try {
    return tls.createServer({
      cert: options.cert,
      key: options.key,
      ...(options.clientCa === null ? {} : { ca: options.clientCa }),
      requestCert: options.clientCa !== null,
      rejectUnauthorized: options.clientCertAuth,
      ALPNProtocols: ['h2', 'http/1.1'],
      minVersion: 'TLSv1.2',
    });
  } catch (error) {
    throw new ListenError(
      'bad-tls',
      `cannot listen on ${JSON.stringify(url)}: the certificate or key is not usable (${(error as Error).message})`,
      { cause: error },
    );
  }
}
