import type { RequestOp, TxnRequest } from '../../wire/gen/etcdserverpb.js';

/** Whether no branch of the txn, nested ones included, can write: it is served without going through the log. */
export function isReadOnly(txn: TxnRequest): boolean {
  return txn.success.every(opReads) && txn.failure.every(opReads);
}

function opReads(op: RequestOp): boolean {
  if (op.requestTxn !== undefined) return isReadOnly(op.requestTxn);
  return op.requestRange !== undefined;
}

/** Whether all ranges of a read-only txn accept stale data. */
export function isSerializable(txn: TxnRequest): boolean {
  return txn.success.every(opIsSerializable) && txn.failure.every(opIsSerializable);
}

function opIsSerializable(op: RequestOp): boolean {
  if (op.requestTxn !== undefined) return isSerializable(op.requestTxn);
  return op.requestRange?.serializable === true;
}

/** Bytes that a put takes in the database besides its key and value, roughly. */
const putOverheadBytes = 256;

/** Bytes by which a txn can grow the database: those of its larger branch. 0 when it puts nothing. */
export function putBytes(txn: TxnRequest): number {
  return Math.max(branchBytes(txn.success), branchBytes(txn.failure));
}

function branchBytes(ops: readonly RequestOp[]): number {
  let bytes = 0;
  for (const { requestPut: put, requestTxn: txn } of ops) {
    if (put !== undefined) bytes += bytesOfPut(put);
    else if (txn !== undefined) bytes += putBytes(txn);
  }
  return bytes;
}

/** Bytes by which a put can grow the database. */
export function bytesOfPut(put: { readonly key: Uint8Array; readonly value: Uint8Array }): number {
  return putOverheadBytes + put.key.length + put.value.length;
}
