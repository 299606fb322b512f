import type { HttpResponse } from '../http-routes.js';
import type { RpcError } from '../service.js';
import { acceptedEncodings } from './compression.js';
import type { FrameWriter } from './frame-writer.js';
import { encodeStatusMessage } from './grpc-fields.js';
import { type HpackEncoder, type OutgoingField, RecurringBlock } from './hpack/encoder.js';
import type { Refusal } from './request-head.js';

const okStatus: OutgoingField = { name: ':status', value: '200', kind: 'indexed' };
const contentType: OutgoingField = {
  name: 'content-type',
  value: 'application/grpc',
  kind: 'indexed',
};
/** What callers may compress with ("Compression": announced whether asked for or not). */
const acceptEncoding: OutgoingField = {
  name: 'grpc-accept-encoding',
  value: acceptedEncodings,
  kind: 'indexed',
};
const okTrailer: OutgoingField = { name: 'grpc-status', value: '0', kind: 'indexed' };

/** Writes the header lists of responses (gRPC over HTTP/2, "Responses"). Those of calls that go well are a few octets. */
export class Responses {
  readonly #writer: FrameWriter;
  readonly #encoder: HpackEncoder;
  readonly #headers: RecurringBlock;
  readonly #okTrailers: RecurringBlock;

  constructor(writer: FrameWriter, encoder: HpackEncoder) {
    this.#writer = writer;
    this.#encoder = encoder;
    this.#headers = new RecurringBlock(encoder, [okStatus, contentType, acceptEncoding]);
    this.#okTrailers = new RecurringBlock(encoder, [okTrailer]);
  }

  /** What comes before the first message. */
  writeHeaders(streamId: number): void {
    this.#writer.headers(streamId, this.#headers.encode(), false);
  }

  /** What ends a call, OK (null) or not: trailers, or all there is of a response when no header fields were sent. */
  writeStatus(streamId: number, error: RpcError | null, hasSentHeaders: boolean): void {
    if (hasSentHeaders && error === null) {
      this.#writer.headers(streamId, this.#okTrailers.encode(), true);
      return;
    }
    const head = hasSentHeaders ? [] : [okStatus, contentType, acceptEncoding];
    const status = error === null ? [okTrailer] : statusFields(error);
    this.#writer.headers(streamId, this.#encoder.encode([...head, ...status]), true);
  }

  /** What comes before the body of an answer that is no gRPC response. */
  writePlain(streamId: number, answer: HttpResponse, bodyBytes: number): void {
    const fields = {
      ':status': String(answer.status),
      'content-type': answer.contentType,
      'content-length': String(bodyBytes),
      'x-content-type-options': 'nosniff',
      ...answer.headers,
    };
    const literals = Object.entries(fields).map(
      ([name, value]): OutgoingField => ({ name, value, kind: 'literal' }),
    );
    this.#writer.headers(streamId, this.#encoder.encode(literals), false);
  }

  /** The whole response to a request that is refused. */
  writeRefusal(streamId: number, { httpStatus, error }: Refusal): void {
    const fields: OutgoingField[] = [
      { name: ':status', value: String(httpStatus), kind: 'literal' },
      contentType,
      acceptEncoding,
      ...statusFields(error),
    ];
    this.#writer.headers(streamId, this.#encoder.encode(fields), true);
  }
}

function statusFields(error: RpcError): OutgoingField[] {
  const fields: OutgoingField[] = [
    { name: 'grpc-status', value: String(error.code), kind: 'literal' },
  ];
  if (error.message !== '') {
    const value = encodeStatusMessage(error.message);
    fields.push({ name: 'grpc-message', value, kind: 'literal' });
  }
  return fields;
}
