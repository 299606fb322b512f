import { type EncodedMessage, encodedMessage } from '../../rpc/service.js';
import { ResponseHeader, type TxnRequest } from '../../wire/gen/etcdserverpb.js';
import { emptyBytes } from '../../wire/reader.js';
import { Writer } from '../../wire/writer.js';
import type { StoredTxn } from '../contracts.js';
import type { ApiContext } from './context.js';
import { encodeRange } from './range-response.js';

/** Tags of TxnResponse, and of ResponseOp. */
const headerTag = 10;
const succeededTag = 16;
const responsesTag = 26;
const responseRangeTag = 10;
const responseTxnTag = 34;

/** The answer to a txn without writes. */
export async function answerTxn(context: ApiContext, request: TxnRequest): Promise<EncodedMessage> {
  const found = await context.mvcc.findTxn(request);
  return encodedMessage(encodeTxn(context.encodedHeader(found.revision), found));
}

const writer = new Writer();

/**
 * Encodes a TxnResponse around stored bytes. `header` is an encoded ResponseHeader. As in etcd those of the ranges in it tell the
 * revision only, and those of nested txns are empty.
 */
export function encodeTxn(header: Uint8Array, found: StoredTxn): Uint8Array {
  const responses = found.responses.map((response) => {
    if (!('kvs' in response))
      return { tag: responseTxnTag, bytes: encodeTxn(emptyBytes, response) };
    const rangeHeader = ResponseHeader.encode({ revision: response.revision });
    return { tag: responseRangeTag, bytes: encodeRange(rangeHeader, response) };
  });
  writer.reset();
  for (const { tag, bytes } of responses.reverse()) {
    const sizeBefore = writer.size;
    writer.bytes(bytes);
    writer.tag(tag);
    writer.length(sizeBefore);
    writer.tag(responsesTag);
  }
  if (found.succeeded) {
    writer.bool(true);
    writer.tag(succeededTag);
  }
  writer.bytes(header);
  writer.tag(headerTag);
  return writer.finish();
}
