import { type EncodedMessage, encodedMessage } from '../../rpc/service.js';
import type { RangeRequest } from '../../wire/gen/etcdserverpb.js';
import { varintBytes, writeVarint } from '../../wire/varint.js';
import type { StoredRange } from '../contracts.js';
import type { ApiContext } from './context.js';

/** Tags of RangeResponse. */
const headerTag = 10;
const kvsTag = 18;
const moreTag = 24;
const countTag = 32;

/** The answer to a range, at once where the store has it at hand. */
export function answerRange(
  context: ApiContext,
  request: RangeRequest,
): EncodedMessage | Promise<EncodedMessage> {
  const found = context.mvcc.find(request);
  if (!(found instanceof Promise)) return encodeAnswer(context, found);
  return found.then((range) => encodeAnswer(context, range));
}

function encodeAnswer(context: ApiContext, found: StoredRange): EncodedMessage {
  return encodedMessage(encodeRange(context.encodedHeader(found.revision), found));
}

/**
 * Encodes a RangeResponse around stored bytes, in one piece of memory of the right size: byte for byte what the generated codec
 * makes of the decoded message. `header` is an encoded ResponseHeader.
 */
export function encodeRange(header: Uint8Array, found: StoredRange): Uint8Array {
  const { kvs, more, count } = found;
  let size = 1 + varintBytes(header.length) + header.length;
  for (const kv of kvs) size += 1 + varintBytes(kv.length) + kv.length;
  if (more) size += 2;
  if (count > 0) size += 1 + varintBytes(count);
  const bytes = Buffer.allocUnsafe(size);
  let at = writeField(bytes, 0, headerTag, header);
  for (const kv of kvs) at = writeField(bytes, at, kvsTag, kv);
  if (more) {
    bytes[at] = moreTag;
    bytes[at + 1] = 1;
    at += 2;
  }
  if (count > 0) {
    bytes[at] = countTag;
    writeVarint(bytes, at + 1, count);
  }
  return bytes;
}

function writeField(target: Uint8Array, offset: number, tag: number, value: Uint8Array): number {
  target[offset] = tag;
  const at = writeVarint(target, offset + 1, value.length);
  target.set(value, at);
  return at + value.length;
}
