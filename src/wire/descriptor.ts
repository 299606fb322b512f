import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** Any of a message's fields; the others take their defaults. Nested messages are complete. */
export type PartialMessage<T> = { readonly [K in keyof T]?: T[K] | undefined };

/**
 * Encodes and decodes one message type. `T` is the message as it is decoded: every field is there, with its proto3
 * default when the wire did not have it; only nested messages, oneof members and `optional` fields can be `undefined`.
 * `Init` is what can be encoded: any field may be missing, on every level.
 */
export interface MessageCodec<T, Init = T> {
  /** The full protobuf name, `etcdserverpb.PutRequest`. */
  readonly typeName: string;
  /** The declared fields by ascending number, for what works on any message (JSON, printing). */
  readonly fields: readonly FieldDescriptor[];

  /**
   * The canonical encoding: fields by ascending number, defaults left out, numbers packed. Nothing else ever writes to
   * the returned bytes, but small results share an ArrayBuffer of 8 KiB, as Node's Buffers do. A value out of its field's
   * range, or two members of one oneof, is a bug and fails an assertion.
   */
  encode(value: Init): Uint8Array;
  /** Writes the encoding in front of what the writer holds (it builds from the end). */
  encodeTo(writer: Writer, value: Init): void;
  /**
   * Decodes a message, or throws WireError. Bytes fields share the memory of `bytes`. Unknown fields are dropped,
   * unknown enum numbers kept.
   */
  decode(bytes: Uint8Array): T;
  /** Decodes up to the reader's end; with `previous`, merges into it as repeated occurrences of one message do. */
  decodeFrom(reader: Reader, previous?: T): T;
  /** A complete message from the given fields, not copied. Use it to build messages: all then have one hidden class. */
  create(fields?: PartialMessage<T>): T;
}

/** The type of a field's values. 64-bit integers marked JS_NUMBER are numbers in the program, the others bigints. */
export type FieldKind =
  | 'bool'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'string'
  | 'bytes'
  | 'enum'
  | 'message';

/** One field of a message. */
export interface FieldDescriptor {
  /** The name in the .proto file, `create_revision`. */
  readonly protoName: string;
  /** The name in TypeScript and in canonical protobuf JSON, `createRevision`. */
  readonly name: string;
  readonly number: number;
  readonly kind: FieldKind;
  /** Whether a 64-bit integer is a `number` in the program. */
  readonly isNumber: boolean;
  readonly isRepeated: boolean;
  /** The oneof that the field belongs to, or null. */
  readonly oneof: string | null;
  /** The nested message's codec, for kind `message`. A function, for messages contain each other. */
  readonly message?: () => MessageCodec<unknown>;
  /** The numbers by name, for kind `enum`. */
  readonly enum?: () => Readonly<Record<string, number>>;
}

/** One method of a gRPC service. The `Init` types are what a sender may pass to encode. */
export interface MethodDescriptor<Req, Res, ReqInit = Req, ResInit = Res> {
  readonly name: string;
  /** The HTTP/2 path, `/etcdserverpb.KV/Put`. */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly request: MessageCodec<Req, ReqInit>;
  readonly response: MessageCodec<Res, ResInit>;
}

/** A gRPC service: its full name and its methods by name. */
export interface ServiceDescriptor {
  readonly name: string;
  readonly methods: Readonly<Record<string, MethodDescriptor<unknown, unknown>>>;
}
