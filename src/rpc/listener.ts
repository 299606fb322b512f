import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { assert } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import { ListenError, listenErrorOf } from '../host/listen-error.js';
import { Http1Server, type Http1ServerOptions } from './http1/server.js';
import {
  type ListenerTls,
  NamedContexts,
  secureContextOptions,
  tlsServerOptions,
} from './listener-tls.js';
import { PeerChains } from './peer-chains.js';
import type { RpcServer } from './server.js';
import { sniffProtocol } from './sniff.js';
import { setPeerCertificates } from './transport.js';

/**
 * Milliseconds of silence after which the kernel asks whether the other machine is still there, as Go's servers have it: a
 * connection of which only our half is left ends within a minute.
 */
const keepaliveDelayMs = 15_000;

/** What a listener needs. What it says of HTTP/1.1 is true on the same port; over HTTP/2 the RPC engine answers. */
export interface ListenerOptions extends Http1ServerOptions {
  /** `http://host:port` or `https://host:port` (then `tls` is given). Port 0 takes a free one; see {@link Listener.port}. */
  readonly url: string;
  readonly tls: ListenerTls | null;
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
  /** The port that it listens on. */
  readonly port: number;
  /**
   * Takes other certificates, client authorities and cipher suites into use for the connections that come from now on; whether
   * clients are asked for certificates stays as it is. Throws ListenError, changing nothing. Only where `tls` was given.
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
  readonly #http1: Http1Server;
  /** Connections that are still at their TLS handshake, by the address of the other side. */
  readonly #handshakes = new Map<string, net.Socket>();
  /** Connections of which it is not known yet what they speak. */
  readonly #unknown = new Set<Duplex>();
  readonly #chains = new PeerChains();
  #named: NamedContexts | null = null;
  #isClosing = false;

  constructor(options: ListenerOptions) {
    this.url = options.url;
    this.#options = options;
    this.#http1 = new Http1Server(options);
    this.#server =
      options.tls === null
        ? net.createServer({ noDelay: true })
        : this.#createTlsServer(options.url, options.tls);
    if (options.tls !== null) this.#server.on('connection', (raw) => this.#onHandshake(raw));
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

  setTls(options: ListenerTls): void {
    const { url } = this;
    assert(this.#server instanceof tls.Server, 'only a TLS listener has certificates');
    const named = new NamedContexts(url, options);
    this.#server.setSecureContext(secureContextOptions(url, options));
    this.#named = named;
  }

  #createTlsServer(url: string, options: ListenerTls): tls.Server {
    this.#named = new NamedContexts(url, options);
    const find = (name: string) => this.#named?.find(name) ?? null;
    return tls.createServer(tlsServerOptions(url, options, { find }));
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

  async #onConnection(socket: net.Socket): Promise<void> {
    this.#handshakes.delete(addressOf(socket));
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
  return `${remoteAddress} ${remotePort}`;
}
