import type { Duplex } from 'node:stream';

/** A request for a handler that serves more than fixed documents: REST, streams, upgrades. The same over HTTP/1.1 and HTTP/2. */
export interface WebRequest {
  readonly method: string;
  /** The path as the client wrote it, still percent-encoded. */
  readonly path: string;
  /** What follows the `?`, '' without. */
  readonly query: string;
  /** By lower-case name; several of one name are joined with `, ` (`; ` for cookies). */
  readonly headers: ReadonlyMap<string, string>;
  /** The Host header or `:authority`. */
  readonly authority: string;
  readonly protocol: 'HTTP/1.1' | 'HTTP/2.0';
  readonly isTls: boolean;
  /** Address of the other side, as `127.0.0.1:53122`. */
  readonly remoteAddress: string;
  /** DER of the certificates that a TLS client sent, leaf first; whether they are good is the handler's business. */
  readonly peerCertificates: readonly Uint8Array[];
  /** Aborted when the client goes away or resets the stream. */
  readonly signal: AbortSignal;
  /** The body in the order it comes. Who stops reading holds the client back. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The answer. Exactly one `start`, any number of `write`, one `end`. After the client went away all of them do nothing. */
export interface WebResponse {
  readonly isStarted: boolean;
  start(status: number, headers: Readonly<Record<string, string | readonly string[]>>): void;
  /** Queues bytes. Resolves when more may be written: who writes much awaits it. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  end(chunk?: Uint8Array): void;
}

/** Answers a request. What it throws is logged, and answered 500 when nothing was started. */
export type WebHandler = (request: WebRequest, response: WebResponse) => Promise<void>;

/** Takes over an HTTP/1.1 connection that asked for an upgrade; `head` is what came after the request. */
export type WebUpgradeHandler = (request: WebRequest, socket: Duplex, head: Uint8Array) => void;
