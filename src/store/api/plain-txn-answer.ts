import { type EncodedMessage, encodedMessage } from '../../rpc/service.js';
import type { TxnResponse } from '../../wire/gen/etcdserverpb.js';
import { varintBytes, writeVarint } from '../../wire/varint.js';
import type { ApiContext } from './context.js';

/** TxnResponse.header, ResponseOp.responsePut and PutResponse.header; all that is in them is shorter than 128 bytes. */
const headerTag = 10;
const succeededTag = 16;
const responsesTag = 26;
const responsePutTag = 18;
const revisionTag = 24;

/** The response to a txn that was one put, as most are that write without a condition: encoded. Null for any other. */
export function plainTxnAnswer(context: ApiContext, response: TxnResponse): EncodedMessage | null {
  const { header, succeeded, responses } = response;
  const revision = header?.revision ?? 0;
  const first = responses[0]?.responsePut;
  if (!succeeded || responses.length !== 1 || first === undefined) return null;
  if (first.prevKv !== undefined || first.header?.revision !== revision || revision === 0)
    return null;
  const whole = context.encodedHeader(revision);
  const revisionBytes = varintBytes(revision);
  const bytes = new Uint8Array(2 + whole.length + 2 + 7 + revisionBytes);
  bytes[0] = headerTag;
  bytes[1] = whole.length;
  bytes.set(whole, 2);
  let at = 2 + whole.length;
  bytes[at++] = succeededTag;
  bytes[at++] = 1;
  bytes[at++] = responsesTag;
  bytes[at++] = 5 + revisionBytes;
  bytes[at++] = responsePutTag;
  bytes[at++] = 3 + revisionBytes;
  bytes[at++] = headerTag;
  bytes[at++] = 1 + revisionBytes;
  bytes[at++] = revisionTag;
  writeVarint(bytes, at, revision);
  return encodedMessage(bytes);
}
