import type { IncomingMessage } from 'node:http';
import type { Transport } from '../transport.js';
import type { WebRequest } from '../web.js';
import { clientGone } from '../web-errors.js';
import { rawFields, splitTarget, type WebTarget } from '../web-fields.js';

/** A request over HTTP/1.1. */
export class Http1Request implements WebRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly authority: string;
  readonly protocol = 'HTTP/1.1';
  readonly #message: IncomingMessage;
  readonly #transport: Transport;
  /** Tells a client that waits for it to send the body; null when none does, or it was told. */
  #sendContinue: (() => void) | null;
  #abort: AbortController | null = null;
  #isClientGone = false;

  private constructor(
    message: IncomingMessage,
    target: WebTarget,
    transport: Transport,
    sendContinue: (() => void) | null,
  ) {
    const headers = rawFields(message.rawHeaders);
    this.authority = target.authority ?? headers.get('host') ?? '';
    headers.delete('host');
    this.method = message.method ?? 'GET';
    this.path = target.path;
    this.query = target.query;
    this.headers = headers;
    this.#message = message;
    this.#transport = transport;
    this.#sendContinue = sendContinue;
  }

  /** Null: the request's target is none (RFC 9112 section 3.2). `sendContinue` answers an `Expect: 100-continue`. */
  static of(
    message: IncomingMessage,
    transport: Transport,
    sendContinue: (() => void) | null,
  ): Http1Request | null {
    const target = splitTarget(message.url ?? '');
    if (target === null) return null;
    return new Http1Request(message, target, transport, sendContinue);
  }

  get isTls(): boolean {
    return this.#transport.isTls;
  }

  get remoteAddress(): string {
    return this.#transport.remoteAddress;
  }

  get peerCertificates(): readonly Uint8Array[] {
    return this.#transport.peerCertificates;
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#isClientGone) this.#abort.abort(clientGone);
    }
    return this.#abort.signal;
  }

  get body(): AsyncIterable<Uint8Array> {
    const sendContinue = this.#sendContinue;
    this.#sendContinue = null;
    sendContinue?.();
    return bodyOf(this.#message);
  }

  get isClientGone(): boolean {
    return this.#isClientGone;
  }

  /** The client went away before it was answered. */
  onClientGone(): void {
    this.#isClientGone = true;
    this.#abort?.abort(clientGone);
  }
}

async function* bodyOf(message: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    // Whoever stops reading may still answer: the connection is not to go with the body.
    yield* message.iterator({ destroyOnReturn: false });
  } catch {
    throw clientGone;
  }
  if (!message.complete) throw clientGone;
}
