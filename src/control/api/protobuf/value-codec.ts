import type { Reader } from '../../../wire/reader.js';
import type { Writer } from '../../../wire/writer.js';
import type { JsonValue } from '../../machinery/json.js';

/** How a value follows a tag (Protocol Buffers encoding specification): a varint, eight bytes, or a length and bytes. */
export const wireTypes = { varint: 0, fixed64: 1, delimited: 2 } as const;

/** Between a value in JSON and in protobuf, without its tag. */
export interface ValueCodec {
  readonly wireType: number;
  /** Throws WireError or DecodeError for what is malformed. */
  read(reader: Reader): JsonValue;
  /** Throws {@link UnencodableError} for a value of another type. */
  write(writer: Writer, value: JsonValue): void;
  /** What a value that was left out means. */
  empty(): JsonValue;
}

/** An object that has no protobuf form: a value is not of the type that its schema says. */
export class UnencodableError extends Error {
  override readonly name = 'UnencodableError';

  constructor(type: string, value: JsonValue) {
    super(`cannot encode ${JSON.stringify(value)} as a protobuf ${type}`);
  }
}
