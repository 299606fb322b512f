/** A peer broke the protocol so that the connection cannot go on (RFC 9113 section 5.4.1): GOAWAY, then it is closed. */
export class ConnectionFault extends Error {
  override readonly name = 'ConnectionFault';
  readonly code: number;
  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
