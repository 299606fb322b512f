/** Why bytes are not a message. */
export type WireErrorCode =
  /** The input ends inside a value, or a length points past its end. */
  | 'truncated'
  /** A varint longer than 10 bytes, or one that does not fit 64 bits. */
  | 'varint-overflow'
  /** A field number of 0 or above 2^29-1. */
  | 'field-number'
  /** A known field with a wire type that its declaration does not allow, a group, or a wire type that does not exist. */
  | 'wire-type'
  /** A string that is not UTF-8. */
  | 'utf8'
  /** Messages nested deeper than {@link depthMax}. */
  | 'depth';

/** How deep messages may nest inside one another; the outermost is at depth 0. */
export const depthMax = 100;

/** Bytes from outside that are not a well-formed message: the only error that decoding throws. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireErrorCode;
  /** Where in the input the decoder stood. */
  readonly offset: number;

  constructor(code: WireErrorCode, offset: number, detail: string) {
    super(`cannot decode protobuf: ${detail} at byte ${offset}`);
    this.code = code;
    this.offset = offset;
  }
}
