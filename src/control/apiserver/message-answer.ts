import type { Clock } from '../../base/clock.js';
import { answerHandshake, asksForWebSocket } from '../../rpc/websocket/handshake.js';
import { WebSocket } from '../../rpc/websocket/web-socket.js';
import { closeCodes } from '../../rpc/websocket/web-socket-error.js';
import type { Exchange } from './exchange.js';

/** An answer in messages of a WebSocket, for clients that asked for one where others get a body. What they send is thrown away. */
export class MessageAnswer {
  /** The protocol that was agreed on; null: the client named none. */
  readonly protocol: string | null;
  readonly #socket: WebSocket;
  readonly #gone = new AbortController();
  readonly #finished: Promise<void>;

  constructor(socket: WebSocket, protocol: string | null) {
    this.protocol = protocol;
    this.#socket = socket;
    socket.onGone(() => this.#gone.abort());
    this.#finished = this.#ignoreMessages();
  }

  /** Aborted when the client is gone, or has said that it wants no more. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Sends one message. Resolves when it has left, or nobody wants it any more. */
  send(bytes: Uint8Array, { isText }: { readonly isText: boolean }): Promise<void> {
    return new Promise((resolve) => this.#socket.send([bytes], { isText }, resolve));
  }

  /** Says that nothing more comes. Resolves once the connection is at its end. */
  async end(): Promise<void> {
    this.#socket.close(closeCodes.normal, '');
    await this.#finished;
  }

  async #ignoreMessages(): Promise<void> {
    for await (const _ of this.#socket.messages());
    this.#gone.abort();
  }
}

/** Whether the client wants its answer in messages, and its connection can be taken over for them. */
export function wantsMessages(exchange: Exchange): boolean {
  return exchange.isUpgradable && asksForWebSocket(exchange.request);
}

/** Opens the WebSocket that the client asked for, in the first of its protocols that is among `protocols`. Null: it was refused. */
export function openMessages(
  exchange: Exchange,
  protocols: readonly string[],
  clock: Clock,
): MessageAnswer | null {
  const handshake = answerHandshake(exchange.request, protocols);
  if (handshake.kind === 'refused') {
    exchange.sendText(handshake.status, handshake.text);
    return null;
  }
  const { socket, head } = exchange.takeConnection();
  socket.write(handshake.answer);
  return new MessageAnswer(new WebSocket({ socket, head, clock, idleMs: 0 }), handshake.protocol);
}
