import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { assert } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { ListenError } from '../host/listen-error.js';
import {
  type CertificateRefusal,
  listen as listenOn,
  type RejectedConnection,
  refusalOf,
  type StreamAddress,
} from '../host/net.js';
import { Http1Server, type Http1ServerOptions } from './http1/server.js';
import {
  type ListenerTls,
  NamedContexts,
  secureContextOptions,
  tlsServerOptions,
} from './listener-tls.js';
import { PeerChains } from './peer-chains.js';
import type { RpcServer } from './server.js';
import { sniffProtocol, sniffTls } from './sniff.js';
import { setPeerCertificates } from './transport.js';

/**
 * Milliseconds of silence after which the kernel asks whether the other machine is still there, as Go's servers have it: a
 * connection of which only our half is left ends within a minute.
 */
const keepaliveDelayMs = 15_000;

/** What a listener needs. What it says of HTTP/1.1 is true on the same port; over HTTP/2 the RPC engine answers. */
export interface ListenerOptions extends Http1ServerOptions {
  /**
   * `http://host:port` or `https://host:port` (then `tls` is given). Port 0 takes a free one; see {@link Listener.port}. Or
   * `unix://path` and `unixs://path`.
   */
  readonly url: string;
  readonly tls: ListenerTls | null;
  /** Where TLS is spoken, serves those who speak without it as well, on the same port. */
  readonly servesPlain?: boolean;
  /** Told of connections that came to nothing in the TLS handshake. Anybody can make any number of them. */
  readonly onRejected?: (rejected: RejectedConnection) => void;
  /** Takes the HTTP/2 connections. The listener does not close it. */
  readonly rpc: RpcServer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds that a new connection may keep silent, and an HTTP/1.1 client may take to say what it wants. */
  readonly silenceMsMax: number;
}

/** An open port that serves gRPC and HTTP/1.1. */
export interface Listener {
  readonly url: string;
  /** The port that it listens on; 0 on a Unix socket. */
  readonly port: number;
  /**
   * Takes other certificates, client authorities, refusals and cipher suites into use for the connections that come from now on;
   * whether clients are asked for certificates stays as it is. Throws ListenError, changing nothing. Only where `tls` was given.
   */
  setTls(tls: ListenerTls): void;
  /**
   * Stops accepting, and finishes HTTP/1.1 requests for up to `graceMs`. Resolves when every connection is closed, those
   * given to the RPC engine included: close that one at the same time, not after.
   */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Opens a listener; rejects with {@link ListenError}. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const address = parseListenUrl(options.url, options.tls !== null);
  const listener = new SharedPortListener(options);
  await listener.open(address);
  return listener;
}

function parseListenUrl(url: string, isTls: boolean): StreamAddress {
  const bad = (what: string) =>
    new ListenError('bad-address', `cannot listen on ${JSON.stringify(url)}: ${what}`);
  const path = (isTls ? /^unixs:\/\/(.+)$/ : /^unix:\/\/(.+)$/).exec(url)?.[1];
  if (path !== undefined) return { path };
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
  /** What listens. */
  readonly #server: net.Server;
  /** Which speaks TLS with those who come; the same where all of them do, null where none. */
  readonly #tlsServer: tls.Server | null;
  #port = 0;
  readonly #http1: Http1Server;
  /** Connections that are still at their TLS handshake, by the address of the other side. */
  readonly #handshakes = new Map<string, net.Socket>();
  /** Connections of which it is not known yet what they speak. */
  readonly #unknown = new Set<Duplex>();
  readonly #chains = new PeerChains();
  #named: NamedContexts | null = null;
  #refuses: CertificateRefusal | undefined;
  #isClosing = false;

  constructor(options: ListenerOptions) {
    this.url = options.url;
    this.#options = options;
    this.#http1 = new Http1Server(options);
    this.#tlsServer = options.tls === null ? null : this.#createTlsServer(options.url, options.tls);
    if (this.#tlsServer !== null && options.servesPlain !== true) this.#server = this.#tlsServer;
    else this.#server = net.createServer({ noDelay: true }, (socket) => void this.#onPlain(socket));
  }

  get port(): number {
    return this.#port;
  }

  setTls(options: ListenerTls): void {
    const { url } = this;
    assert(this.#tlsServer !== null, 'only a TLS listener has certificates');
    const named = new NamedContexts(url, options);
    this.#tlsServer.setSecureContext(secureContextOptions(url, options));
    this.#named = named;
    this.#refuses = options.refuses;
  }

  #createTlsServer(url: string, options: ListenerTls): tls.Server {
    this.#named = new NamedContexts(url, options);
    this.#refuses = options.refuses;
    const find = (name: string) => this.#named?.find(name) ?? null;
    const server = tls.createServer(tlsServerOptions(url, options, { find }));
    server.on('connection', (raw) => this.#onHandshake(raw));
    server.on('secureConnection', (socket) => this.#onSecure(socket));
    server.on('tlsClientError', (error, socket) => this.#reject(socket, error.message));
    return server;
  }

  async open(address: StreamAddress): Promise<void> {
    const { logger } = this.#options;
    const { url } = this;
    this.#port = await listenOn(this.#server, address, url);
    this.#server.on('error', (error) => {
      logger.warn('cannot accept a connection', { url, error: error.message });
    });
  }

  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#http1.drain();
    for (const connection of this.#unknown) connection.destroy();
    for (const connection of this.#handshakes.values()) connection.destroy();
    const timer = this.#options.clock.setTimer(graceMs, () => this.#http1.destroy());
    await closed;
    this.#options.clock.clearTimer(timer);
  }

  #onHandshake(socket: net.Socket): void {
    const address = addressOf(socket);
    this.#handshakes.set(address, socket);
    socket.once('close', () => this.#handshakes.delete(address));
  }

  #onSecure(socket: tls.TLSSocket): void {
    this.#handshakes.delete(addressOf(socket));
    const why = refusalOf(socket, this.#refuses);
    if (why === null) void this.#onConnection(socket);
    else this.#reject(socket, why);
  }

  #reject(socket: net.Socket, why: string): void {
    const { logger, onRejected } = this.#options;
    const remote = addressOf(socket);
    socket.on('error', () => {});
    socket.destroy();
    logger.debug('TLS handshake failed', { remote, error: why });
    onRejected?.({ remote, why });
  }

  /** A connection to a port where TLS is not spoken, or not only. */
  async #onPlain(socket: net.Socket): Promise<void> {
    if (this.#tlsServer === null) return this.#onConnection(socket);
    this.#unknown.add(socket);
    const onError = () => {};
    socket.on('error', onError);
    const { clock, silenceMsMax } = this.#options;
    const isTls = await sniffTls(socket, { clock, timeoutMs: silenceMsMax });
    this.#unknown.delete(socket);
    socket.off('error', onError);
    if (isTls === true) this.#tlsServer.emit('connection', socket);
    else if (isTls === false) await this.#onConnection(socket);
  }

  async #onConnection(socket: net.Socket): Promise<void> {
    this.#unknown.add(socket);
    socket.on('error', () => {
      // A reset by the peer; 'close' follows and is what counts.
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepaliveDelayMs);
    if (socket instanceof tls.TLSSocket) setPeerCertificates(socket, this.#chains.of(socket));
    const { clock, silenceMsMax } = this.#options;
    const protocol = await sniffProtocol(socket, { clock, timeoutMs: silenceMsMax });
    this.#unknown.delete(socket);
    if (protocol === null) return;
    if (this.#isClosing || socket.destroyed) {
      socket.destroy();
    } else if (protocol === 'http2') {
      this.#options.rpc.attach(socket);
    } else {
      this.#http1.attach(socket);
    }
  }
}

function addressOf({ remoteAddress, remotePort }: net.Socket): string {
  // Nothing is known of a connection that has ended.
  return `${remoteAddress ?? '?'} ${remotePort ?? 0}`;
}
