/** What the core's codecs refuse. */
export type CodecErrorCode = 'malformed-conf-state' | 'malformed-conf-change';

/** Bytes that are not what they should be: from a peer, a disk, or another version. An operating error. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  readonly code: CodecErrorCode;
  constructor(code: CodecErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
