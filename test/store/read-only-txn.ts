import { encodeTxn } from '../../src/store/api/txn-response.js';
import type { MvccReads } from '../../src/store/contracts.js';
import { ResponseHeader, type TxnRequest, TxnResponse } from '../../src/wire/gen/etcdserverpb.js';

/** The answer to a txn without writes as a client would decode it, with the revision alone in its header. */
export async function readOnlyTxn(mvcc: MvccReads, request: TxnRequest): Promise<TxnResponse> {
  const found = await mvcc.findTxn(request);
  const { revision } = found;
  return TxnResponse.decode(encodeTxn(ResponseHeader.encode({ revision }), found));
}
