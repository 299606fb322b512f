import type { Duplex } from 'node:stream';
import { assert } from '../../base/assert.js';
import { isUpgradable } from '../../rpc/upgrade-answer.js';
import type { WebRequest, WebResponse } from '../../rpc/web.js';
import { type Fence, fenceHeader, parseFence } from '../machinery/fence.js';
import type { KubeObject } from '../machinery/object.js';
import type { RequestContext, UserInfo } from './contracts.js';
import { type ParsedRequest, parseRequestInfo } from './request-info.js';

/** Nobody yet, until authentication has said who asks. */
export const unknownUser: UserInfo = { name: '', uid: '', groups: [], extra: {} };

/** Bytes of all Warning headers of an answer; further warnings are dropped, lest proxies refuse the answer. */
const warningBytesMax = 4096;

/** Is told what a request is about while it is worked on. */
export interface ExchangeObserver {
  onStarted(): void;
  onRequestObject(object: KubeObject): void;
  onResponseObject(object: KubeObject): void;
  onAnnotation(key: string, value: string): void;
}

/** An answer of which each write is a message: different things are better written one by one. */
export interface PiecewiseAnswer extends WebResponse {
  readonly isPiecewise: true;
}

/** One request and its answer on their way through the filters to a handler. */
export class Exchange {
  readonly request: WebRequest;
  readonly query: URLSearchParams;
  readonly info: ParsedRequest;
  /** Names the request in the audit log and in the answer's `Audit-Id` header. */
  readonly auditId: string;
  /** Milliseconds since the epoch when the request came. */
  readonly nowMs: number;
  /** Who asks: set by authentication, changed by impersonation. */
  user: UserInfo = unknownUser;
  /** Who asked before impersonation; null without. */
  impersonator: UserInfo | null = null;
  /** Whether the request has no end of its own: watches, logs, exec. No deadline and no place in a queue holds it. */
  isLongRunning = false;
  /** What was answered; 0 before. */
  statusCode = 0;
  /** Bytes of the answer's body so far. */
  sentBytes = 0;
  /** The group, version and kind of what was asked for, when that is known; for the metrics. */
  scope: '' | 'cluster' | 'namespace' | 'resource' = '';
  /** Who is told of what the request is about; null when nobody wants to know. */
  observer: ExchangeObserver | null = null;
  readonly #response: WebResponse;
  readonly #warnings: string[] = [];
  readonly #headers: Record<string, string> = {};
  #warningBytes = 0;
  /** Made when somebody first asks for the signal: most requests are over before anybody would. */
  #abort: AbortController | null = null;
  /** Why the request ends before its time; null while it may go on. */
  #cutReason: Error | null = null;

  constructor(
    request: WebRequest,
    response: WebResponse,
    { auditId, nowMs }: { readonly auditId: string; readonly nowMs: number },
  ) {
    this.request = request;
    this.#response = response;
    this.auditId = auditId;
    this.nowMs = nowMs;
    this.query = new URLSearchParams(request.query);
    this.info = parseRequestInfo(request.method, request.path, this.query);
  }

  get isStarted(): boolean {
    return this.statusCode !== 0;
  }

  /** Whether different things, as the events of a watch, are better written one by one. */
  get isPiecewise(): boolean {
    return 'isPiecewise' in this.#response;
  }

  /** Aborted when the client goes away or its time is up. */
  get signal(): AbortSignal {
    if (this.#abort !== null) return this.#abort.signal;
    const abort = new AbortController();
    this.#abort = abort;
    const client = this.request.signal;
    if (this.#cutReason !== null) abort.abort(this.#cutReason);
    else if (client.aborted) abort.abort(client.reason);
    else client.addEventListener('abort', () => abort.abort(client.reason), { once: true });
    return abort.signal;
  }

  /** Ends the request for `reason`, which is answered: whoever still works on it is told by the signal, and is not heard any more. */
  cut(reason: Error): void {
    this.#cutReason = reason;
    this.#abort?.abort(reason);
  }

  header(name: string): string | undefined {
    return this.request.headers.get(name);
  }

  /** Adds a header to the answer, when it is not under way yet. */
  setHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  /** Adds a Warning header; the same text once. */
  warn(text: string): void {
    if (this.isStarted || this.#warnings.includes(text)) return;
    this.#warningBytes += text.length;
    if (this.#warningBytes <= warningBytesMax) this.#warnings.push(text);
  }

  /** What rules and admission know of this request. Throws 400 for a fence that is none. */
  context(options: { readonly isDryRun: boolean; readonly fieldManager: string }): RequestContext {
    return new ExchangeContext(this, options);
  }

  /** Sends the head of the answer; the body follows by {@link write} and {@link end}. */
  start(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.isStarted) return;
    this.statusCode = status;
    const all: Record<string, string | readonly string[]> = {
      'audit-id': this.auditId,
      'cache-control': 'no-cache, private',
      ...this.#headers,
      ...headers,
    };
    if (this.#warnings.length > 0) all.warning = this.#warnings.map(warningHeader);
    this.#response.start(status, all);
    this.observer?.onStarted();
  }

  /** Queues bytes of the body. Resolves when more may be written. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    this.sentBytes += chunk.length;
    return this.#response.write(chunk);
  }

  end(chunk?: Uint8Array): void {
    this.sentBytes += chunk?.length ?? 0;
    this.#response.end(chunk);
  }

  /** Whether the client asked for another protocol, on a connection that can be taken over. */
  get isUpgradable(): boolean {
    return isUpgradable(this.#response);
  }

  /** Takes the connection over, instead of an answer: the protocol is the caller's from now on. */
  takeConnection(): { readonly socket: Duplex; readonly head: Uint8Array } {
    assert(!this.isStarted, 'an answer is under way');
    assert(isUpgradable(this.#response), 'only connections that asked for it are taken over');
    this.statusCode = 101;
    this.observer?.onStarted();
    return this.#response.takeConnection();
  }

  /** Sends a whole answer. To HEAD it is the head alone. */
  send(status: number, contentType: string, body: Uint8Array): void {
    if (this.isStarted) return;
    this.start(status, { 'content-type': contentType, 'content-length': String(body.length) });
    if (this.request.method === 'HEAD') this.end();
    else this.end(body);
  }

  /** Plain text, as health checks and unknown paths answer. */
  sendText(status: number, text: string): void {
    this.setHeader('x-content-type-options', 'nosniff');
    this.send(status, 'text/plain; charset=utf-8', encoder.encode(text));
  }
}

/** What rules and admission know of a request: one shape, whatever the request. */
class ExchangeContext implements RequestContext {
  readonly fence?: Fence;
  readonly user: UserInfo;
  readonly info: ParsedRequest;
  readonly isDryRun: boolean;
  readonly fieldManager: string;
  readonly nowMs: number;
  readonly #exchange: Exchange;

  constructor(
    exchange: Exchange,
    options: { readonly isDryRun: boolean; readonly fieldManager: string },
  ) {
    const fence = exchange.header(fenceHeader);
    if (fence !== undefined) this.fence = parseFence(fence);
    this.user = exchange.user;
    this.info = exchange.info;
    this.isDryRun = options.isDryRun;
    this.fieldManager = options.fieldManager;
    this.nowMs = exchange.nowMs;
    this.#exchange = exchange;
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }

  warn(text: string): void {
    this.#exchange.warn(text);
  }

  annotate(key: string, value: string): void {
    this.#exchange.observer?.onAnnotation(key, value);
  }
}

const encoder = new TextEncoder();

/** RFC 7234 section 5.5: code 299, no agent, the text quoted. */
function warningHeader(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, (character) => encodeURIComponent(character));
  return `299 - "${printable.replace(/[\\"]/g, '\\$&')}"`;
}
