import { HpackEncoder, type OutgoingField } from '../../../src/rpc/http2/hpack/encoder.js';
import { Flag, FrameType, preface } from '../../../src/rpc/http2/protocol.js';

/** Frames as a client writes them, right or wrong: nothing is checked. */

/** Any frame. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, 9);
  return bytes;
}

/** A SETTINGS frame. */
export function settings(...values: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(values.length * 6);
  values.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return frame(FrameType.settings, 0, 0, payload);
}

/** What takes the peer's SETTINGS into use. */
export const settingsAck: Buffer = frame(FrameType.settings, Flag.ack, 0, new Uint8Array(0));

/** What every client sends first, and that it has taken the server's SETTINGS into use, which are on their way. */
export const hello: Buffer = Buffer.concat([preface, settings(), settingsAck]);

export type Fields = readonly (readonly [name: string, value: string])[];

/** The header list of a unary call. */
export function requestFields(path: string, more: Fields = []): Fields {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'test'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...more,
  ];
}

/** A header block of literals, which leaves the tables alone. */
export function block(fields: Fields): Uint8Array {
  const literals = fields.map(([name, value]): OutgoingField => ({ name, value, kind: 'literal' }));
  return new HpackEncoder().encode(literals);
}

/** HEADERS with the whole list. */
export function headers(streamId: number, fields: Fields, isEnd = false): Buffer {
  const flags = Flag.endHeaders | (isEnd ? Flag.endStream : 0);
  return frame(FrameType.headers, flags, streamId, block(fields));
}

/** DATA with one message in it. */
export function message(streamId: number, payload: Uint8Array, isEnd = true): Buffer {
  return data(streamId, prefixed(payload), isEnd);
}

/** DATA. */
export function data(streamId: number, payload: Uint8Array, isEnd = false): Buffer {
  return frame(FrameType.data, isEnd ? Flag.endStream : 0, streamId, payload);
}

/** A length-prefixed message. */
export function prefixed(payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(5 + payload.length);
  bytes.writeUInt32BE(payload.length, 1);
  bytes.set(payload, 5);
  return bytes;
}

export function rstStream(streamId: number, code = 8): Buffer {
  return frame(FrameType.rstStream, 0, streamId, uint32(code));
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return frame(FrameType.windowUpdate, 0, streamId, uint32(increment));
}

export function ping(): Buffer {
  return frame(FrameType.ping, 0, 0, Buffer.alloc(8));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
