/** What the other side sent is against the protocol. `code` is that of the close frame which says so (RFC 6455 section 7.4.1). */
export class WebSocketError extends Error {
  override readonly name = 'WebSocketError';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Codes of close frames. */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  invalidData: 1007,
  tooBig: 1009,
  internalError: 1011,
} as const;
