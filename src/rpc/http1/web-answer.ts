import type { ServerResponse } from 'node:http';
import { assert } from '../../base/assert.js';
import type { WebHeaders } from '../web.js';
import { checkStatus, isBodiless, nodeFields } from '../web-fields.js';
import type { WebAnswer } from '../web-run.js';
import type { Http1Request } from './web-request.js';

/** The answer to a request over HTTP/1.1. */
export class Http1Answer implements WebAnswer {
  readonly #request: Http1Request;
  readonly #response: ServerResponse;
  #isStarted = false;
  #isEnded = false;
  #hasWritten = false;
  #mayHaveBody = true;
  /** What the handler waits for that has written much. */
  #room: Promise<void> | null = null;
  #onRoom: () => void = () => {};

  constructor(request: Http1Request, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    response.on('drain', () => this.#wake());
    response.on('close', () => {
      if (!response.writableFinished) this.onClientGone();
    });
  }

  get isStarted(): boolean {
    return this.#isStarted;
  }

  get isOver(): boolean {
    return this.#isEnded || this.#isGone;
  }

  get isClientGone(): boolean {
    return this.#request.isClientGone;
  }

  /** The connection is gone. An answer that still waited for those before it would not be told by node. */
  onClientGone(): void {
    this.#request.onClientGone();
    this.#wake();
  }

  get #isGone(): boolean {
    return this.#response.destroyed || this.#request.isClientGone;
  }

  start(status: number, headers: WebHeaders): void {
    assert(!this.#isStarted, 'an answer starts once');
    checkStatus(status);
    const fields = nodeFields(headers);
    this.#isStarted = true;
    this.#mayHaveBody = !isBodiless(this.#request.method, status);
    if (this.#isGone) return;
    this.#response.writeHead(status, fields);
    // A watch shows that it has begun before it has anything to say; whoever answers at once does so in one write.
    queueMicrotask(() => {
      if (!this.#hasWritten && !this.#isGone) this.#response.flushHeaders();
    });
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    assert(this.#isStarted && !this.#isEnded, 'what is written stands between start and end');
    if (this.#isGone || !this.#mayHaveBody) return undefined;
    this.#hasWritten = true;
    if (this.#response.write(chunk)) return undefined;
    this.#room ??= new Promise((resolve) => {
      this.#onRoom = resolve;
    });
    return this.#room;
  }

  end(chunk?: Uint8Array): void {
    assert(this.#isStarted && !this.#isEnded, 'an answer is ended once, after its start');
    this.#isEnded = true;
    this.#hasWritten = true;
    if (this.#isGone) return;
    if (chunk === undefined || !this.#mayHaveBody) this.#response.end();
    else this.#response.end(chunk);
  }

  /** Without the last chunk, or all that Content-Length promised. */
  breakOff(): void {
    this.#response.destroy();
  }

  #wake(): void {
    if (this.#room === null) return;
    this.#room = null;
    this.#onRoom();
  }
}
