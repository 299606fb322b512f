import type { Duplex } from 'node:stream';
import type { WebHeaders, WebResponse } from './web.js';
import { checkField, checkStatus } from './web-fields.js';

/** A connection that asked for an upgrade: it can be taken over, or answered as a request that was not given one. */
export interface UpgradableResponse extends WebResponse {
  /** The connection, and what the client sent behind its request. Once, and instead of an answer. */
  takeConnection(): { readonly socket: Duplex; readonly head: Uint8Array };
}

/** Whether an answer can be a connection instead. */
export function isUpgradable(response: WebResponse): response is UpgradableResponse {
  return 'takeConnection' in response;
}

/** Answers on the bare socket; the end of the answer is the end of the connection. */
export class UpgradeAnswer implements UpgradableResponse {
  readonly #socket: Duplex;
  readonly #head: Uint8Array;
  #isStarted = false;

  constructor(socket: Duplex, head: Uint8Array) {
    this.#socket = socket;
    this.#head = head;
    socket.on('error', () => socket.destroy());
  }

  get isStarted(): boolean {
    return this.#isStarted;
  }

  start(status: number, headers: WebHeaders): void {
    this.#isStarted = true;
    checkStatus(status);
    let text = `HTTP/1.1 ${status} \r\nconnection: close\r\n`;
    for (const [name, value] of Object.entries(headers)) {
      for (const one of typeof value === 'string' ? [value] : value) {
        checkField(name, one);
        text += `${name}: ${one}\r\n`;
      }
    }
    this.#socket.write(Buffer.from(`${text}\r\n`, 'latin1'));
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#socket.destroyed || this.#socket.write(chunk)) return undefined;
    return new Promise((resolve) => {
      const onRoom = () => {
        this.#socket.off('drain', onRoom);
        this.#socket.off('close', onRoom);
        resolve();
      };
      this.#socket.on('drain', onRoom);
      this.#socket.on('close', onRoom);
    });
  }

  end(chunk?: Uint8Array): void {
    this.#socket.end(chunk);
  }

  takeConnection(): { readonly socket: Duplex; readonly head: Uint8Array } {
    this.#isStarted = true;
    return { socket: this.#socket, head: this.#head };
  }
}

/** Hands everything from each connection to the other, until one of them ends or `signal` aborts; both are closed then. */
export function joinConnections(one: Duplex, other: Duplex, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    const close = () => {
      one.destroy();
      other.destroy();
    };
    const onClosed = () => {
      close();
      if (--open > 0) return;
      signal.removeEventListener('abort', close);
      resolve();
    };
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      from.on('error', close);
      from.once('close', onClosed);
      from.pipe(to);
    }
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted || one.destroyed || other.destroyed) close();
  });
}
