import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { type HttpRoutes, parseTarget, serveRoute } from '../http-routes.js';
import { Transport } from '../transport.js';
import type { WebHandler, WebRequest, WebUpgradeHandler } from '../web.js';
import { runWebHandler } from '../web-run.js';
import { putBackWithoutUpgrade } from './upgrade.js';
import { Http1Answer } from './web-answer.js';
import { Http1Request } from './web-request.js';

/** Bytes of a request's header fields. */
const headerBytesMax = 64 * 1024;
/** Milliseconds that a connection may be kept between requests. */
const idleMsMax = 90_000;
/** Milliseconds that a client which was answered before it had sent its whole request has for the rest. */
const lingerMsMax = 5000;

/** What HTTP/1.1 is served with. */
export interface Http1ServerOptions {
  readonly http: HttpRoutes;
  /** Asked for whatever is not among `http`; without it that is answered 404. */
  readonly web?: WebHandler | undefined;
  /** Takes the connections that ask for an upgrade; without it nobody is upgraded. */
  readonly upgrade?: WebUpgradeHandler | undefined;
  /** Whether such a request is one for `upgrade`, and not answered like any other. Default: all but those for HTTP/2. */
  readonly takesUpgrade?: ((request: WebRequest) => boolean) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds that a client may take for its header fields. */
  readonly silenceMsMax: number;
}

/** What is known of a connection. */
interface Http1Connection {
  readonly transport: Transport;
  /** The requests that are in progress; more than one when the client sends them ahead. */
  readonly answers: Set<Http1Answer>;
  isUpgraded: boolean;
}

/** Serves HTTP/1.1 on connections that others accept, with node:http. */
export class Http1Server {
  readonly #options: Http1ServerOptions;
  readonly #server: http.Server;
  readonly #connections = new Map<Duplex, Http1Connection>();
  #isClosing = false;

  constructor(options: Http1ServerOptions) {
    this.#options = options;
    const { silenceMsMax } = options;
    const server = http.createServer({
      headersTimeout: silenceMsMax,
      connectionsCheckingInterval: silenceMsMax / 4,
      // How long a body may take is up to its handler.
      requestTimeout: 0,
      keepAliveTimeout: idleMsMax,
      maxHeaderSize: headerBytesMax,
    });
    server.on('request', (message, response) => this.#onRequest(message, response, null));
    server.on('checkContinue', (message, response) => {
      const sendContinue = () => {
        if (!response.headersSent && !response.destroyed) response.writeContinue();
      };
      this.#onRequest(message, response, sendContinue);
    });
    if (options.upgrade !== undefined) {
      const { upgrade } = options;
      server.on('upgrade', (message, socket, head) =>
        this.#onUpgrade(upgrade, message, socket, head),
      );
    }
    // It looks for requests that take too long only once it listens, which it never does by itself here.
    server.emit('listening');
    this.#server = server;
  }

  /** Takes over a connection. No byte of it has been consumed. */
  attach(socket: Duplex): void {
    const connection: Http1Connection = {
      transport: new Transport(socket),
      answers: new Set(),
      isUpgraded: false,
    };
    this.#connections.set(socket, connection);
    socket.once('close', () => {
      this.#connections.delete(socket);
      for (const answer of connection.answers) answer.onClientGone();
    });
    this.#server.emit('connection', socket);
  }

  /** Takes no more requests, and closes the connections without any. The others are closed when they have been answered. */
  drain(): void {
    this.#isClosing = true;
    this.#server.close();
    for (const [socket, { isUpgraded }] of this.#connections) {
      if (!isUpgraded && messageOf(socket) === null) socket.destroy();
    }
  }

  /** Closes what is left. */
  destroy(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  #onRequest(
    message: IncomingMessage,
    response: ServerResponse,
    sendContinue: (() => void) | null,
  ): void {
    const { socket } = message;
    response.on('error', () => response.destroy());
    response.once('close', () => {
      if (this.#isClosing) socket.destroySoon();
      else this.#linger(message);
    });
    const { http: routes, web, logger } = this.#options;
    const route = routes.get(parseTarget(message.url ?? '/').path);
    const connection = this.#connections.get(socket);
    if (route !== undefined || web === undefined || connection === undefined) {
      sendContinue?.();
      void serveRoute(route, message, response, logger);
    } else {
      void this.#serveWeb(web, connection, message, response, sendContinue);
    }
  }

  async #serveWeb(
    web: WebHandler,
    { transport, answers }: Http1Connection,
    message: IncomingMessage,
    response: ServerResponse,
    sendContinue: (() => void) | null,
  ): Promise<void> {
    const request = Http1Request.of(message, transport, sendContinue);
    if (request === null) {
      response.writeHead(400, { connection: 'close' }).end();
      return;
    }
    const answer = new Http1Answer(request, response);
    answers.add(answer);
    await runWebHandler(web, request, answer, this.#options.logger);
    answers.delete(answer);
    // A client that writes before it reads would wait for ever.
    message.resume();
  }

  /** Whoever was answered and does not get on with its request is in the way of nothing but a timer. */
  #linger(message: IncomingMessage): void {
    if (message.complete) return;
    message.resume();
    const { clock } = this.#options;
    const timer = clock.setTimer(lingerMsMax, () => message.socket.destroy());
    message.once('close', () => clock.clearTimer(timer));
  }

  #onUpgrade(
    upgrade: WebUpgradeHandler,
    message: IncomingMessage,
    socket: Duplex,
    head: Uint8Array,
  ): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    const request = Http1Request.of(message, connection.transport, null);
    const { takesUpgrade = asksForNoHttp2 } = this.#options;
    if (request === null || !takesUpgrade(request)) {
      putBackWithoutUpgrade(message, socket, head);
      this.#server.emit('connection', socket);
    } else {
      connection.isUpgraded = true;
      upgrade(request, socket, head);
    }
  }
}

/** RFC 9113 section 3.1: the upgrade to HTTP/2 is obsolete; clients that offer it take HTTP/1.1. */
function asksForNoHttp2({ headers }: WebRequest): boolean {
  return !/\bh2c?\b/i.test(headers.get('upgrade') ?? '');
}

/** The answer that is in progress on a connection of node:http, or null. */
function messageOf(socket: Duplex): unknown {
  const message: unknown = '_httpMessage' in socket ? socket._httpMessage : null;
  return message ?? null;
}
