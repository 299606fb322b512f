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
