import { assert } from '../../base/assert.js';
import type { MessageCodec, MethodDescriptor } from '../../wire/index.js';

/** A method whose messages are passed as the bytes that they are on the wire. */
export type RawMethod = MethodDescriptor<Uint8Array, Uint8Array>;

/**
 * The method with messages left encoded: what a load sends again and again is encoded once, and of an answer that came with
 * status OK there is nothing more to know.
 */
export function rawMethod(method: {
  readonly name: string;
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}): RawMethod {
  const { name, path, requestStream, responseStream } = method;
  return { name, path, requestStream, responseStream, request: rawCodec, response: rawCodec };
}

const rawCodec: MessageCodec<Uint8Array> = {
  typeName: 'raw bytes',
  fields: [],
  encode: (bytes) => bytes,
  decode: (bytes) => bytes,
  encodeTo: () => assert(false, 'raw bytes are not nested'),
  decodeFrom: () => {
    throw new Error('raw bytes are not nested');
  },
  create: () => new Uint8Array(0),
};
