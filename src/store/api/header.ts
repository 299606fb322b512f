import { assert } from '../../base/assert.js';
import { type EncodedMessage, encodedMessage } from '../../rpc/service.js';
import type { ResponseHeader } from '../../wire/gen/etcdserverpb.js';
import type { ApiContext } from './context.js';

/** The response with its header completed: ids and term of this member, and the revision that the response names. */
export function withHeader<T extends { readonly header: ResponseHeader | undefined }>(
  context: ApiContext,
  response: T,
): T & { readonly header: ResponseHeader } {
  return {
    ...response,
    header: context.header(response.header?.revision ?? context.mvcc.revision),
  };
}

/** The header of a response that is about no revision in particular: it names the current one. */
export function currentHeader(context: ApiContext): ResponseHeader {
  return context.header(context.mvcc.revision);
}

/** The header of membership responses, which name no revision. */
export function memberHeader(context: ApiContext): ResponseHeader {
  return context.header(0);
}

const headerTag = 10;

/** Any response of which only the header, its first field, is there: encoded. The header takes less than 128 bytes. */
export function headerOnly(context: ApiContext, revision: number): EncodedMessage {
  const header = context.encodedHeader(revision);
  assert(header.length < 0x80);
  const bytes = new Uint8Array(2 + header.length);
  bytes[0] = headerTag;
  bytes[1] = header.length;
  bytes.set(header, 2);
  return encodedMessage(bytes);
}
