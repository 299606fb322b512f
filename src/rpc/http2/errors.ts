/** A peer broke the protocol so that the connection cannot go on (RFC 9113 section 5.4.1): GOAWAY, then it is closed. */
export class ConnectionFault extends Error {
  override readonly name = 'ConnectionFault';
  readonly code: number;
  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A peer broke the protocol on one stream (RFC 9113 section 5.4.2): RST_STREAM, and the others go on. */
export class StreamFault extends Error {
  override readonly name = 'StreamFault';
  readonly streamId: number;
  readonly code: number;
  constructor(streamId: number, code: number, message: string) {
    super(message);
    this.streamId = streamId;
    this.code = code;
  }
}
