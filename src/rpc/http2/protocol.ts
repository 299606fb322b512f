/** The numbers of HTTP/2 (RFC 9113). */

/** Frame types (section 6). */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Frame flags; which of them a frame type has is said in its part of section 6. */
export const Flag = {
  ack: 0x1,
  endStream: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** Error codes (section 7). */
export const ErrorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const;

/** Settings (section 6.5.2). */
export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** Section 3.4: what a client sends first. */
export const preface: Uint8Array = Uint8Array.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', (char) =>
  char.charCodeAt(0),
);

/** Section 4.1. */
export const frameHeaderBytes = 9;
/** Section 6.5.2: the largest frame payload that needs no agreement. */
export const defaultFrameBytesMax = 16_384;
/** Section 6.9.2: the windows of a new connection, before any SETTINGS. */
export const defaultWindowBytes = 65_535;
/** Section 6.9.1: no window may become larger. */
export const windowBytesMax = 2 ** 31 - 1;
/** Section 5.1.1: the largest stream identifier. */
export const streamIdMax = 2 ** 31 - 1;
/** Section 6.5.2: the compression table's size before any SETTINGS. */
export const defaultHeaderTableBytes = 4096;
