import { unreachable } from '../../src/base/assert.js';
import { fromLatin1, toLatin1 } from '../../src/base/bytes.js';
import { ClientError } from '../../src/client/errors.js';
import { CallError, type Channel, Status } from '../../src/rpc/service.js';
import {
  type CompareInit,
  CompareResult,
  CompareTarget,
  KV,
  type RequestOpInit,
  type ResponseOp,
} from '../../src/wire/gen/etcdserverpb.js';
import type { KeyValue } from '../../src/wire/gen/mvccpb.js';
import { SimFailure } from './failure.js';
import type { KvCompare, KvOp, KvResult, KvStep, KvStepResult, KvVersion } from './kv-model.js';

type Txn = KvOp & { kind: 'txn' };

/** Performs an operation of the model through the calls that a client would use for it. */
export async function perform(
  channel: Pick<Channel, 'unary'>,
  op: Txn,
  options: { readonly timeoutMs: number; readonly serializable: boolean },
): Promise<KvResult> {
  const only = op.success.length === 1 && op.compares.length === 0 ? op.success[0] : undefined;
  const { timeoutMs, serializable } = options;
  if (only === undefined) {
    const request = {
      compare: op.compares.map(toCompare),
      success: op.success.map((step) => toRequestOp(step, serializable)),
      failure: op.failure.map((step) => toRequestOp(step, serializable)),
    };
    const response = await channel.unary(KV.methods.Txn, request, { timeoutMs });
    return {
      revision: revisionOf(response.header),
      succeeded: response.succeeded,
      steps: response.responses.map(toStepResult),
    };
  }
  const request = toRequestOp(only, serializable);
  const single = await performSingle(channel, request, timeoutMs);
  return { revision: single.revision, succeeded: true, steps: [toStepResult(single.response)] };
}

type SingleResponse = { readonly revision: number; readonly response: ResponseOp };

async function performSingle(
  channel: Pick<Channel, 'unary'>,
  { requestRange, requestPut, requestDeleteRange }: RequestOpInit,
  timeoutMs: number,
): Promise<SingleResponse> {
  const none = {
    responseRange: undefined,
    responsePut: undefined,
    responseDeleteRange: undefined,
    responseTxn: undefined,
  };
  if (requestRange !== undefined) {
    const responseRange = await channel.unary(KV.methods.Range, requestRange, { timeoutMs });
    return { revision: revisionOf(responseRange.header), response: { ...none, responseRange } };
  }
  if (requestPut !== undefined) {
    const responsePut = await channel.unary(KV.methods.Put, requestPut, { timeoutMs });
    return { revision: revisionOf(responsePut.header), response: { ...none, responsePut } };
  }
  const responseDeleteRange = await channel.unary(
    KV.methods.DeleteRange,
    requestDeleteRange ?? {},
    { timeoutMs },
  );
  const revision = revisionOf(responseDeleteRange.header);
  return { revision, response: { ...none, responseDeleteRange } };
}

/**
 * Did a failed call certainly change nothing? Only what the store or the connection promises counts: a request that was
 * never sent, one that was invalid, one that never found a leader to go to, one that the client library says so of.
 */
export function isCertainlyWithoutEffect(error: unknown): boolean {
  if (error instanceof ClientError) return !error.maybeApplied;
  if (!(error instanceof CallError)) throw error;
  if (!error.sent) return true;
  switch (error.code) {
    case Status.invalidArgument:
    case Status.notFound:
    case Status.failedPrecondition:
    case Status.outOfRange:
    case Status.resourceExhausted:
    case Status.permissionDenied:
    case Status.unauthenticated:
      return true;
    default:
      return error.message === 'etcdserver: no leader';
  }
}

/** Values carry their own length, so that a cut or mixed one is seen. */
export function padValue(name: string, bytes: number): string {
  const head = `${name}:${bytes}~`;
  return head + 'x'.repeat(Math.max(0, bytes - head.length));
}

/** The version of a key as the model has it: long values by their head. */
export function toVersion(kv: KeyValue): KvVersion {
  const text = toLatin1(kv.value);
  const head = text.slice(0, text.indexOf('~') + 1);
  const bytes = Number(head.slice(head.indexOf(':') + 1, -1));
  if (padValue(head.slice(0, head.indexOf(':')), bytes) !== text) {
    throw new SimFailure('values come back as they were', `${toLatin1(kv.key)} holds '${text}'`);
  }
  return {
    value: head,
    version: kv.version,
    createRevision: kv.createRevision,
    modRevision: kv.modRevision,
    lease: kv.lease === 0n ? '' : kv.lease.toString(),
  };
}

function toCompare(compare: KvCompare): CompareInit {
  const key = fromLatin1(compare.key);
  const result = CompareResult.EQUAL;
  return compare.target === 'mod'
    ? { key, result, target: CompareTarget.MOD, modRevision: compare.equals }
    : { key, result, target: CompareTarget.VERSION, version: compare.equals };
}

function toRequestOp(step: KvStep, serializable: boolean): RequestOpInit {
  const key = fromLatin1(step.key);
  switch (step.kind) {
    case 'get':
      return { requestRange: { key, serializable } };
    case 'put': {
      const name = step.value.slice(0, step.value.indexOf(':'));
      const bytes = Number(step.value.slice(name.length + 1, -1));
      const value = fromLatin1(padValue(name, bytes));
      const lease = step.lease === '' ? 0n : BigInt(step.lease);
      return { requestPut: { key, value, lease, prevKv: true } };
    }
    case 'delete':
      return { requestDeleteRange: { key, prevKv: true } };
    default:
      return unreachable(step);
  }
}

function toStepResult(response: ResponseOp): KvStepResult {
  const { responseRange, responsePut, responseDeleteRange } = response;
  if (responseRange !== undefined) {
    return { kind: 'get', found: versionOrNull(responseRange.kvs[0]) };
  }
  if (responsePut !== undefined) {
    return { kind: 'put', previous: versionOrNull(responsePut.prevKv) };
  }
  const deleted = responseDeleteRange?.deleted ?? -1;
  return { kind: 'delete', deleted, previous: versionOrNull(responseDeleteRange?.prevKvs[0]) };
}

function versionOrNull(kv: KeyValue | undefined): KvVersion | null {
  return kv === undefined ? null : toVersion(kv);
}

function revisionOf(header: { readonly revision: number } | undefined): number {
  if (header === undefined || header.revision < 1) {
    throw new SimFailure('answers carry a revision', JSON.stringify(header?.revision));
  }
  return header.revision;
}
