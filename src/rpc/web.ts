import type { Duplex } from 'node:stream';

export { fieldValues, RequestFields } from './web-fields.js';

/** A request for a handler that serves more than fixed documents: REST, streams, upgrades. The same over HTTP/1.1 and HTTP/2. */
export interface WebRequest {
  readonly method: string;
  /** The path as the client wrote it, still percent-encoded. Starts with `/`, but for `*` of an OPTIONS request. */
  readonly path: string;
  /** What follows the `?`, '' without. */
  readonly query: string;
  /** By lower-case name, without Host; several of one name are joined with `, ` (`; ` for cookies), and `fieldValues` tells them apart. */
  readonly headers: ReadonlyMap<string, string>;
  /** The Host header or `:authority`. */
  readonly authority: string;
  readonly protocol: 'HTTP/1.1' | 'HTTP/2.0';
  readonly isTls: boolean;
  /** Address of the other side, as `127.0.0.1:53122` or `[::1]:53122`. */
  readonly remoteAddress: string;
  /** DER of the certificates that a TLS client sent, leaf first; whether they are good is the handler's business. */
  readonly peerCertificates: readonly Uint8Array[];
  /** Aborted with a ClientGoneError when the client goes away or resets the stream before it was answered. Made when first read. */
  readonly signal: AbortSignal;
  /**
   * The body in the order it comes, for one reader. Who stops reading holds the client back; what was not read when the handler
   * settles is dropped. A client that waits for `100 Continue` gets it when this is first read. Rejects with a ClientGoneError
   * when the rest will not come. See `readWebBody` for all of it at once.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Header fields of an answer, by name in any case; an array stands for several fields of one name. */
export type WebHeaders = Readonly<Record<string, string | readonly string[]>>;

/**
 * The answer. Exactly one `start`, any number of `write`, one `end`. After the client went away all of them do nothing. Chunks
 * are sent from where they lie and must not change after. Framing (chunks, Connection) is the transport's; a Content-Length is
 * passed on as given.
 */
export interface WebResponse {
  readonly isStarted: boolean;
  /** Status 200 to 599. Throws WebHeadError for header fields that HTTP does not allow. */
  start(status: number, headers: WebHeaders): void;
  /** Queues bytes. Resolves when more may be written, or nobody wants more: who writes much awaits it. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  end(chunk?: Uint8Array): void;
}

/**
 * Answers a request; the answer is to be complete when it settles. What it throws is logged, and answered 500 when nothing was
 * started; an answer that was is broken off, so that no client takes it for whole.
 */
export type WebHandler = (request: WebRequest, response: WebResponse) => Promise<void>;

/**
 * Takes over an HTTP/1.1 connection that asked for an upgrade; `head` is what came after the request. The socket is its own from
 * then on, errors included; `answerUpgrade` refuses.
 */
export type WebUpgradeHandler = (request: WebRequest, socket: Duplex, head: Uint8Array) => void;
