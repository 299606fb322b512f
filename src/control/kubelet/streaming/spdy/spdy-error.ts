/** What the other side sent is against the protocol: the connection ends. */
export class SpdyError extends Error {
  override readonly name = 'SpdyError';
}

/** Why a stream is reset (SPDY/3.1 section 2.6.3). */
export const resetCodes = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
} as const;
