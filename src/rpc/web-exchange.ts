import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.js';
import type { WebHeaders } from './web.js';
import { WebClientError, type WebClientErrorCode } from './web-errors.js';
import { nodeFields, rawFields } from './web-fields.js';

/** Whom a client trusts, and as whom it shows itself. PEM text. */
export interface WebClientTls {
  /** Who signs the server's certificate. Default: those that node trusts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name that the certificate must have, if not the host of the URL; asked for too (SNI). A DNS name. */
  readonly serverName?: string;
  /** Takes any certificate. */
  readonly isUnverified?: boolean;
}

/** A request to another server. */
export interface WebClientRequest {
  /** `http://` or `https://`. */
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: WebHeaders;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly tls?: WebClientTls;
  readonly signal?: AbortSignal;
  /** Milliseconds until the whole answer is there, body included; of an upgrade until it is made. Default: any time. */
  readonly timeoutMs?: number;
}

/** What the other server answers. */
export interface WebClientResponse {
  readonly status: number;
  /** By lower-case name, as those of a WebRequest. */
  readonly headers: ReadonlyMap<string, string>;
  /** To be read to its end, or cancelled by leaving the loop. Rejects with WebClientError. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Drops an answer whose body nobody reads. */
  cancel(): void;
}

/** A connection that speaks another protocol from now on. Its errors are the caller's. */
export interface UpgradedConnection {
  readonly headers: ReadonlyMap<string, string>;
  readonly socket: Duplex;
  /** What came behind the answer already. */
  readonly head: Uint8Array;
}

/** Either the connection, or what was answered instead. */
export type UpgradeOutcome =
  | { readonly kind: 'upgraded'; readonly connection: UpgradedConnection }
  | { readonly kind: 'answered'; readonly response: WebClientResponse };

/** Those that keep connections. */
interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/** Methods without effects, which may be repeated when it is not known whether they were executed. */
const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** One request to another server and its answer. */
export class WebExchange {
  readonly outcome: Promise<UpgradeOutcome>;
  readonly #what: WebClientRequest;
  #request: ClientRequest | null = null;
  /** How far it is: what goes wrong is named after it. */
  #stage: 'connect' | 'tls' | 'broken' = 'connect';
  /** Why it was given up, if it was. */
  #stopped: WebClientError | null = null;
  #hasAnswer = false;
  /** Lets go of the timer and the signal. */
  #release: () => void = () => {};

  /** Without agents the connection is its own. */
  constructor(what: WebClientRequest, agents: Agents | null, clock: Clock) {
    this.#what = what;
    this.outcome = this.#start(agents, clock);
    this.outcome.catch(() => this.#release());
  }

  /** The server closed a kept connection, most likely before it saw the request, which does no harm twice. */
  get isRepeatable(): boolean {
    const { method = 'GET', body } = this.#what;
    const isHarmless = repeatable.has(method) && body === undefined;
    const isStale = this.#request?.reusedSocket === true && !this.#hasAnswer;
    return isHarmless && isStale && this.#stopped === null;
  }

  /** An error about this request. */
  errorOf(code: WebClientErrorCode, text: string, cause?: unknown): WebClientError {
    const { method = 'GET', url } = this.#what;
    return new WebClientError(code, `${method} ${JSON.stringify(url)} failed: ${text}`, { cause });
  }

  async #start(agents: Agents | null, clock: Clock): Promise<UpgradeOutcome> {
    const { url: text, signal } = this.#what;
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      throw this.errorOf('bad-request', 'it is no URL of a server; write http:// or https://');
    }
    if (signal?.aborted) throw this.errorOf('aborted', 'it was cancelled', signal.reason);
    const request = this.#open(url, agents);
    this.#request = request;
    const outcome = this.#answerTo(request);
    this.#watchSocket(request, url.protocol === 'https:');
    this.#limit(request, clock);
    this.#sendBody(request).catch((error) => request.destroy(error));
    return outcome;
  }

  #open(url: URL, agents: Agents | null): ClientRequest {
    const { method = 'GET', headers = {}, tls = {} } = this.#what;
    try {
      const fields = { ...nodeFields(headers), ...framingOf(this.#what) };
      const options = { method, headers: fields };
      if (url.protocol === 'http:')
        return http.request(url, { ...options, agent: agents?.http ?? false });
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const name = tls.serverName ?? host;
      return https.request(url, {
        ...options,
        agent: agents?.https ?? false,
        ...(tls.ca !== undefined && { ca: tls.ca }),
        ...(tls.cert !== undefined && { cert: tls.cert }),
        ...(tls.key !== undefined && { key: tls.key }),
        // RFC 6066 section 3: addresses are no server names.
        servername: isIP(name) === 0 ? name : '',
        rejectUnauthorized: tls.isUnverified !== true,
      });
    } catch (error) {
      throw this.errorOf('bad-request', `it cannot be sent (${(error as Error).message})`, error);
    }
  }

  #answerTo(request: ClientRequest): Promise<UpgradeOutcome> {
    return new Promise((resolve, reject) => {
      request.on('error', (error) => reject(this.#errorFrom(error)));
      request.on('close', () => {
        if (!this.#hasAnswer) reject(this.#errorFrom(new Error('the connection was closed')));
      });
      request.on('response', (message) => {
        this.#hasAnswer = true;
        message.once('close', () => this.#release());
        resolve({ kind: 'answered', response: this.#responseOf(message) });
      });
      request.on('upgrade', (message, socket, head) => {
        this.#hasAnswer = true;
        this.#release();
        resolve({
          kind: 'upgraded',
          connection: { headers: rawFields(message.rawHeaders), socket, head },
        });
      });
    });
  }

  #watchSocket(request: ClientRequest, isTls: boolean): void {
    request.once('socket', (socket) => {
      if (request.reusedSocket) {
        this.#stage = 'broken';
        return;
      }
      socket.once('connect', () => {
        this.#stage = isTls ? 'tls' : 'broken';
      });
      socket.once('secureConnect', () => {
        this.#stage = 'broken';
      });
    });
  }

  /** Has the request end with its time, or its signal. */
  #limit(request: ClientRequest, clock: Clock): void {
    const { timeoutMs, signal } = this.#what;
    const stop = (error: WebClientError) => {
      this.#stopped = error;
      request.destroy(error);
    };
    const onAbort = () => stop(this.errorOf('aborted', 'it was cancelled', signal?.reason));
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer =
      timeoutMs === undefined
        ? null
        : clock.setTimer(timeoutMs, () =>
            stop(this.errorOf('timeout', `no answer within ${timeoutMs} ms`)),
          );
    this.#release = () => {
      signal?.removeEventListener('abort', onAbort);
      if (timer !== null) clock.clearTimer(timer);
    };
  }

  async #sendBody(request: ClientRequest): Promise<void> {
    const { body } = this.#what;
    if (body === undefined || body instanceof Uint8Array) {
      request.end(body);
      return;
    }
    for await (const chunk of body) {
      if (request.destroyed) return;
      if (!request.write(chunk)) await roomIn(request);
    }
    request.end();
  }

  #errorFrom(error: Error): WebClientError {
    if (this.#stopped !== null) return this.#stopped;
    return error instanceof WebClientError
      ? error
      : this.errorOf(this.#stage, error.message, error);
  }

  #responseOf(message: IncomingMessage): WebClientResponse {
    const errorFrom = (error: Error) => this.#errorFrom(error);
    return {
      status: message.statusCode ?? 0,
      headers: rawFields(message.rawHeaders),
      body: bodyOf(message, errorFrom),
      cancel: () => void message.destroy(),
    };
  }
}

/**
 * Says where the body ends, whatever the method: node leaves that out with DELETE and the like, and the server then takes the body for
 * the next request.
 */
function framingOf({ headers = {}, body }: WebClientRequest): Record<string, string> {
  const isSaid = Object.keys(headers).some((name) => name.toLowerCase() === 'content-length');
  if (body === undefined || isSaid) return {};
  return body instanceof Uint8Array
    ? { 'content-length': String(body.length) }
    : { 'transfer-encoding': 'chunked' };
}

/** Resolves when a request takes more, or nothing any more. */
function roomIn(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const onRoom = () => {
      request.off('drain', onRoom);
      request.off('close', onRoom);
      resolve();
    };
    request.on('drain', onRoom);
    request.on('close', onRoom);
  });
}

async function* bodyOf(
  message: IncomingMessage,
  errorFrom: (error: Error) => WebClientError,
): AsyncGenerator<Uint8Array> {
  try {
    yield* message;
  } catch (error) {
    throw errorFrom(error as Error);
  }
  if (!message.complete) throw errorFrom(new Error('the answer was broken off'));
}
