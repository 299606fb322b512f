import { implementService } from '../../rpc/implement.js';
import { type Answer, RpcError, type ServiceImplementation, Status } from '../../rpc/service.js';
import {
  KV,
  type PutResponse,
  type RangeRequest,
  RangeResponse,
  type RangeStreamResponseInit,
  type ResponseHeader,
  SortOrder,
  SortTarget,
  type TxnRequest,
  type TxnResponse,
} from '../../wire/gen/etcdserverpb.js';
import type { CallerTraces } from '../auth/authenticator.js';
import { CommandKind } from '../contracts.js';
import { requireRoot } from './access.js';
import type { ApiContext } from './context.js';
import { headerOnly, withHeader } from './header.js';
import { plainTxnAnswer } from './plain-txn-answer.js';
import { answerBy, propose, refuseWhenCorrupt, refuseWithoutSpace } from './propose.js';
import { answerRange } from './range-response.js';
import { bytesOfPut, isReadOnly, isSerializable, putBytes } from './txn-kind.js';
import { checkTxnOverlap } from './txn-overlap.js';
import { answerTxn } from './txn-response.js';
import { checkDeleteRange, checkPut, checkRange, checkTxn } from './validate.js';

/** Keys in one message of a RangeStream. */
const rangeStreamPageKeys = 1000;

/** etcdserverpb.KV: reads at this member's applied state (as new as the quorum's unless serializable), writes by proposal. */
export function kvService(context: ApiContext): ServiceImplementation {
  const answerPut = ({ value }: { readonly value: PutResponse }): Answer<PutResponse> => {
    if (value.prevKv !== undefined) return withHeader(context, value);
    return headerOnly(context, value.header?.revision ?? 0);
  };
  const answerWithHeader = <Res extends { readonly header: ResponseHeader | undefined }>(response: {
    readonly value: Res;
  }) => withHeader(context, response.value);
  const answerWrittenTxn = ({ value }: { readonly value: TxnResponse }): Answer<TxnResponse> =>
    plainTxnAnswer(context, value) ?? withHeader(context, value);
  return implementService(KV, {
    Range(request, call) {
      checkRange(request);
      if (request.serializable) return allowedRange(context, call, request);
      return context.readBarrier().then(() => allowedRange(context, call, request));
    },

    async RangeStream(stream) {
      for await (const request of stream.requests) {
        checkRange(request);
        checkStreamable(request);
        if (!request.serializable) await context.readBarrier(stream.signal);
        const send = async () => {
          for await (const page of rangePages(context, request)) {
            if (!stream.send(page)) await stream.drained();
            if (stream.signal.aborted) return;
          }
        };
        if (!context.auth.isEnabled) return send();
        return context.auth.read(stream, (access, user) => access.read(user, request), send);
      }
    },

    Put(request, call) {
      const { requestBytes: payload } = call;
      checkPut(request);
      refuseWhenCorrupt(context);
      const full = refuseWithoutSpace(context, bytesOfPut(request));
      if (full !== undefined) return full;
      const command = { kind: CommandKind.put, payload, response: 'put' } as const;
      return answerBy(context, call, command, answerPut);
    },

    DeleteRange(request, call) {
      const { requestBytes: payload } = call;
      checkDeleteRange(request);
      refuseWhenCorrupt(context);
      const command = { kind: CommandKind.deleteRange, payload, response: 'deleteRange' } as const;
      return answerBy(context, call, command, answerWithHeader);
    },

    Txn(request, call) {
      const { requestBytes: payload } = call;
      checkTxn(request, context.limits.txnOpsMax);
      checkTxnOverlap(request);
      if (isReadOnly(request)) {
        if (isSerializable(request)) return allowedTxn(context, call, request);
        return context.readBarrier().then(() => allowedTxn(context, call, request));
      }
      refuseWhenCorrupt(context);
      const full = refuseWithoutSpace(context, putBytes(request));
      if (full !== undefined) return full;
      const command = { kind: CommandKind.txn, payload, response: 'txn' } as const;
      return answerBy(context, call, command, answerWrittenTxn);
    },

    async Compact(request, call) {
      const { requestBytes: payload, signal } = call;
      await requireRoot(context, call);
      refuseWhenCorrupt(context);
      const command = { kind: CommandKind.compact, payload, response: 'compact' } as const;
      const { value, physical } = await propose(context, command, signal);
      if (request.physical) await physical;
      return withHeader(context, value);
    },
  });
}

function allowedRange(context: ApiContext, call: CallerTraces, request: RangeRequest) {
  if (!context.auth.isEnabled) return answerRange(context, request);
  return context.auth.read(
    call,
    (access, user) => access.read(user, request),
    () => answerRange(context, request),
  );
}

function allowedTxn(context: ApiContext, call: CallerTraces, request: TxnRequest) {
  if (!context.auth.isEnabled) return answerTxn(context, request);
  return context.auth.read(
    call,
    (access, user) => access.txn(user, request),
    () => answerTxn(context, request),
  );
}

function checkStreamable(request: RangeRequest): void {
  const isKeyOrder =
    request.sortTarget === SortTarget.KEY && request.sortOrder !== SortOrder.DESCEND;
  const isFiltered =
    request.minModRevision !== 0 ||
    request.maxModRevision !== 0 ||
    request.minCreateRevision !== 0 ||
    request.maxCreateRevision !== 0;
  if (!isKeyOrder || isFiltered) {
    throw new RpcError(
      Status.unimplemented,
      'RangeStream answers in key order and without revision filters; use Range for the others',
    );
  }
}

/** The answer in pages of one revision. Header, more and count are those of the whole, on the last page. */
async function* rangePages(
  context: ApiContext,
  request: RangeRequest,
): AsyncGenerator<RangeStreamResponseInit> {
  const first = await context.mvcc.range({ ...request, limit: pageLimit(request.limit) });
  const revision = request.revision > 0 ? request.revision : (first.header?.revision ?? 0);
  let page = first;
  let remaining = request.limit - page.kvs.length;
  while (page.more && (request.limit <= 0 || remaining > 0)) {
    yield { rangeResponse: RangeResponse.create({ kvs: page.kvs }) };
    const key = keyAfter(page.kvs.at(-1)?.key ?? request.key);
    page = await context.mvcc.range({ ...request, key, revision, limit: pageLimit(remaining) });
    remaining -= page.kvs.length;
  }
  const { header, count } = first;
  yield { rangeResponse: withHeader(context, { ...page, header, count }) };
}

function pageLimit(remaining: number): number {
  return remaining > 0 ? Math.min(remaining, rangeStreamPageKeys) : rangeStreamPageKeys;
}

/** The least key above `key`. */
function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}
