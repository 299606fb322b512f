import { PutRequest, PutResponse } from '../../src/wire/index.js';

/** The path of the method that does nothing. */
export const nullPath = '/bench.Null/Unary';

/** A put-sized request, answered with an empty message. */
export const nullMethod = {
  name: 'Unary',
  path: nullPath,
  requestStream: false,
  responseStream: false,
  request: PutRequest,
  response: PutResponse,
} as const;

/** The request of all loads. */
export const nullRequest = { key: Buffer.from('key'), value: new Uint8Array(256) };

/** A request or response as it is on the stream: not compressed, and its length. */
export function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(5 + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, 5);
  return bytes;
}
