import type {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../../wire/gen/etcdserverpb.js';
import { StoreError } from '../errors.js';

/**
 * What is checked of a request before anything is done for it, in etcd's order: the first fault found is the one
 * answered. All checks throw {@link StoreError}.
 */

/** The largest known number of SortOrder and of SortTarget; the enums are contiguous from 0. */
const sortOrderMax = 2;
const sortTargetMax = 4;

/** Checks a range, alone or in a txn. */
export function checkRange(request: RangeRequest): void {
  if (request.key.length === 0) throw new StoreError('empty-key');
  if (!isEnumUpTo(request.sortOrder, sortOrderMax)) throw new StoreError('invalid-sort-option');
  if (!isEnumUpTo(request.sortTarget, sortTargetMax)) throw new StoreError('invalid-sort-option');
}

/** Checks a put, alone or in a txn. */
export function checkPut(request: PutRequest): void {
  if (request.key.length === 0) throw new StoreError('empty-key');
  if (request.ignoreValue && request.value.length !== 0) throw new StoreError('value-provided');
  if (request.ignoreLease && request.lease !== 0n) throw new StoreError('lease-provided');
}

/** Checks a delete, alone or in a txn. */
export function checkDeleteRange(request: DeleteRangeRequest): void {
  if (request.key.length === 0) throw new StoreError('empty-key');
}

/**
 * Checks the shape of a txn and all it contains. Each of compare, success and failure may have `opsMax` members, and
 * what the largest of them uses up is not available to nested txns.
 */
export function checkTxn(request: TxnRequest, opsMax: number): void {
  const ops = Math.max(request.compare.length, request.success.length, request.failure.length);
  if (ops > opsMax) throw new StoreError('too-many-ops');
  for (const compare of request.compare) checkCompare(compare);
  for (const op of request.success) checkOp(op, opsMax - ops);
  for (const op of request.failure) checkOp(op, opsMax - ops);
}

function checkCompare(compare: Compare): void {
  if (compare.key.length === 0) throw new StoreError('empty-key');
}

function checkOp(op: RequestOp, opsMax: number): void {
  if (op.requestRange !== undefined) checkRange(op.requestRange);
  else if (op.requestPut !== undefined) checkPut(op.requestPut);
  else if (op.requestDeleteRange !== undefined) checkDeleteRange(op.requestDeleteRange);
  else if (op.requestTxn !== undefined) checkTxn(op.requestTxn, opsMax);
  // An operation of no kind: etcd's own choice of error.
  else throw new StoreError('key-not-found');
}

function isEnumUpTo(value: number, max: number): boolean {
  return value >= 0 && value <= max;
}
