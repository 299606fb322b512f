import {
  type RangeRequest,
  type RangeResponse,
  type RequestOp,
  type ResponseOp,
  ResponseOp as ResponseOpCodec,
  type TxnRequest,
  type TxnResponse,
} from '../../wire/gen/etcdserverpb.js';
import { StoreError } from '../errors.js';
import { recordKeyValue } from '../schema/revision-record.js';
import { comparesHold } from './compare.js';
import {
  boundsOf,
  decodeRange,
  finishRange,
  readRevision,
  revisionHeader,
} from './range-options.js';
import { RangeScan } from './range-scan.js';
import type { MvccState } from './state.js';
import { checkKept, checkLease, type LeaseBinding, type WriteTxn } from './write-txn.js';

/**
 * The branches that a txn takes, itself and every txn nested on the way. All conditions are evaluated in the state before
 * the first write.
 */
export interface TxnPath {
  readonly succeeded: boolean;
  readonly ops: readonly RequestOp[];
  /** Paths of the nested txns among `ops`, in order. */
  readonly nested: readonly TxnPath[];
}

/** Evaluates the conditions of a txn and of those nested on its path. */
export function planTxn(state: MvccState, request: TxnRequest): TxnPath {
  const succeeded = comparesHold(state, request.compare);
  const ops = succeeded ? request.success : request.failure;
  const nested: TxnPath[] = [];
  for (const op of ops) {
    if (op.requestTxn !== undefined) nested.push(planTxn(state, op.requestTxn));
  }
  return { succeeded, ops, nested };
}

/**
 * Refuses a path of which any step would be refused, before anything is written. All puts come before all reads: which of
 * several errors a client gets is etcd's choice. Throws StoreError.
 */
export function checkPath(state: MvccState, leases: LeaseBinding, path: TxnPath): void {
  checkPuts(state, leases, path);
  checkReads(state, path);
}

function checkPuts(state: MvccState, leases: LeaseBinding, path: TxnPath): void {
  let nested = 0;
  for (const op of path.ops) {
    if (op.requestPut !== undefined) {
      // In this order, which is not that of a put on its own: both are etcd's.
      checkKept(state, op.requestPut);
      checkLease(leases, op.requestPut);
    } else if (op.requestTxn !== undefined) {
      checkPuts(state, leases, path.nested[nested++] as TxnPath);
    }
  }
}

/** Refuses a path with a read whose revision is not to be had. Throws StoreError. */
export function checkReads(state: MvccState, path: TxnPath): void {
  let nested = 0;
  for (const op of path.ops) {
    if (op.requestRange !== undefined) checkTxnRange(state, op.requestRange);
    else if (op.requestTxn !== undefined) checkReads(state, path.nested[nested++] as TxnPath);
  }
}

/**
 * Carries out a checked path. Reads see the writes before them. The responses are complete only when `want`; a member that
 * nobody waits at skips the reads.
 */
export function executePath(
  state: MvccState,
  path: TxnPath,
  txn: WriteTxn,
  want: boolean,
): ResponseOp[] {
  const responses: ResponseOp[] = [];
  let nested = 0;
  for (const op of path.ops) {
    let response: Partial<ResponseOp> = {};
    if (op.requestPut !== undefined) {
      const prevKv = txn.put(op.requestPut, want && op.requestPut.prevKv);
      response = { responsePut: { header: revisionHeader(state.revision), prevKv } };
    } else if (op.requestDeleteRange !== undefined) {
      const { key, rangeEnd, prevKv } = op.requestDeleteRange;
      const { deleted, previous } = txn.deleteRange(boundsOf(key, rangeEnd), want && prevKv);
      const header = revisionHeader(state.revision);
      response = { responseDeleteRange: { header, deleted, prevKvs: previous } };
    } else if (op.requestTxn !== undefined) {
      const inner = path.nested[nested++] as TxnPath;
      response = { responseTxn: nestedResponse(inner, executePath(state, inner, txn, want)) };
    } else if (op.requestRange !== undefined) {
      txn.ranges++;
      if (want) response = { responseRange: rangeNow(state, op.requestRange) };
    }
    if (want) responses.push(ResponseOpCodec.create(response));
  }
  return responses;
}

/** A nested response's header is there but empty, as in etcd. */
export function nestedResponse(path: TxnPath, responses: ResponseOp[]): TxnResponse {
  return { header: revisionHeader(0), succeeded: path.succeeded, responses };
}

/** A negative revision is refused after the first compaction. */
function checkTxnRange(state: MvccState, request: RangeRequest): void {
  if (request.revision === 0) return;
  if (request.revision > state.revision) throw new StoreError('future-revision');
  if (request.revision < state.compactRevision) throw new StoreError('compacted');
}

/** A range in the present state, in this turn: what is not in memory is read while the thread waits. */
function rangeNow(state: MvccState, request: RangeRequest): RangeResponse {
  const scan = new RangeScan(state, request, readRevision(request.revision, state));
  while (!scan.done) scan.step(Number.POSITIVE_INFINITY);
  for (const { place, main, sub } of scan.missing) {
    scan.kvs[place] = recordKeyValue(state.recordNow(main, sub));
  }
  const { kvs, count } = scan;
  return decodeRange(finishRange(request, { kvs, count, revision: state.revision }));
}
