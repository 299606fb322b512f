/** The operating errors of plain HTTP, served and called. */

/** The client went away, or reset its stream, before it was answered. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/** One for all requests: a stack trace takes longer than the rest of a cancelled request, and would say nothing. */
export const clientGone = new ClientGoneError('the client has gone away');

/** A status or header fields that HTTP does not allow in an answer. */
export class WebHeadError extends Error {
  override readonly name = 'WebHeadError';
}

/** The body of a request is larger than its reader takes. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
  readonly bytesMax: number;
  constructor(bytesMax: number) {
    super(`the request body is larger than ${bytesMax} bytes`);
    this.bytesMax = bytesMax;
  }
}

/**
 * Why a request to another server failed. `bad-request`: its URL, header fields or certificates cannot be used; `connect`: no
 * connection; `tls`: the handshake failed, or the server's certificate is not good; `timeout`: not answered in time; `aborted`:
 * the caller's signal; `broken`: the connection broke, or what came is no HTTP.
 */
export type WebClientErrorCode =
  | 'bad-request'
  | 'tls'
  | 'connect'
  | 'timeout'
  | 'aborted'
  | 'broken';

/** A request to another server that failed. The message names the URL. */
export class WebClientError extends Error {
  override readonly name = 'WebClientError';
  readonly code: WebClientErrorCode;
  constructor(code: WebClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
