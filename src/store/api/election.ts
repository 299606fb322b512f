import { implementService } from '../../rpc/implement.js';
import {
  RpcError,
  type ServerStream,
  type ServiceImplementation,
  Status,
} from '../../rpc/service.js';
import { CompareResult, CompareTarget, type TxnRequestInit } from '../../wire/gen/etcdserverpb.js';
import { EventType, type KeyValue } from '../../wire/gen/mvccpb.js';
import {
  Election,
  type LeaderKey,
  type LeaderRequest,
  type LeaderResponseInit,
} from '../../wire/gen/v3electionpb.js';
import type { ApiContext } from './context.js';
import { currentHeader } from './header.js';
import {
  afterwards,
  createdAt,
  type LocalCall,
  localTxn,
  localWatch,
  prefixEnd,
} from './local-client.js';
import { contenderKey, firstContender, leaseOf, queuePrefix, waitForTurn } from './queue.js';

/** v3electionpb.Election: the contender whose key was created first is the leader. */
export function electionService(context: ApiContext): ServiceImplementation {
  return implementService(Election, {
    async Campaign(request, call) {
      const { name, value } = request;
      const lease = await leaseOf(context, request.lease, call);
      const key = contenderKey(name, lease);
      const rev = await enter(context, { key, value, lease }, call);
      try {
        await waitForTurn(context, name, rev - 1, call);
      } catch (error) {
        await remove(context, { key, rev }, afterwards(call)).catch(() => {});
        throw error;
      }
      return { header: currentHeader(context), leader: { name, key, rev, lease } };
    },

    async Proclaim(request, call) {
      const { key, rev, lease } = leaderOf(request);
      const put = { key, value: request.value, lease };
      const response = await localTxn(
        context,
        { compare: [createdAt(key, rev)], success: [{ requestPut: put }], failure: [] },
        call,
      );
      if (!response.succeeded) throw new RpcError(Status.unknown, 'election: not leader');
      return { header: context.header(response.header?.revision ?? context.mvcc.revision) };
    },

    async Leader(request, call) {
      const { contender, revision } = await firstContender(context, request.name, call);
      if (contender === undefined) throw new RpcError(Status.unknown, 'election: no leader');
      return { header: context.header(revision), kv: contender };
    },

    Observe: (stream) => observe(context, stream),

    async Resign(request, call) {
      await remove(context, leaderOf(request), call);
      return { header: currentHeader(context) };
    },
  });
}

function leaderOf(request: { readonly leader: LeaderKey | undefined }): LeaderKey {
  if (request.leader !== undefined) return request.leader;
  throw new RpcError(Status.unknown, '"leader" field must be provided');
}

/** Puts the contender's key, or gives the one that is there the new value; resolves with its creation revision. */
async function enter(
  context: ApiContext,
  put: { readonly key: Uint8Array; readonly value: Uint8Array; readonly lease: bigint },
  call: LocalCall,
): Promise<number> {
  const { key } = put;
  const response = await localTxn(
    context,
    {
      compare: [createdAt(key, 0)],
      success: [{ requestPut: put }],
      failure: [{ requestTxn: unlessValue(put) }, { requestRange: { key } }],
    },
    call,
  );
  if (response.succeeded) return response.header?.revision ?? 0;
  return response.responses[1]?.responseRange?.kvs[0]?.createRevision ?? 0;
}

/** A put that does nothing when the key has the value already. */
function unlessValue(put: {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease: bigint;
}): TxnRequestInit {
  const { key, value } = put;
  return {
    compare: [{ key, target: CompareTarget.VALUE, result: CompareResult.NOT_EQUAL, value }],
    success: [{ requestPut: put }],
  };
}

async function remove(
  context: ApiContext,
  { key, rev }: { readonly key: Uint8Array; readonly rev: number },
  call: LocalCall,
): Promise<void> {
  const success = [{ requestDeleteRange: { key } }];
  await localTxn(context, { compare: [createdAt(key, rev)], success, failure: [] }, call);
}

/** Sends the leader, and every later leader and proclamation, in order. */
async function observe(
  context: ApiContext,
  stream: ServerStream<LeaderRequest, LeaderResponseInit>,
): Promise<void> {
  for await (const { name } of stream.requests) {
    const key = queuePrefix(name);
    for (;;) {
      const { contender, revision } = await firstContender(context, name, stream);
      if (contender !== undefined) {
        await send(context, stream, contender);
        await followLeader(context, stream, contender, revision);
      } else {
        await nextPut(context, key, revision, stream);
      }
    }
  }
}

/** Sends the leader's proclamations until its key is gone. */
async function followLeader(
  context: ApiContext,
  stream: ServerStream<LeaderRequest, LeaderResponseInit>,
  leader: KeyValue,
  revision: number,
): Promise<void> {
  const watch = { key: leader.key, startRevision: revision + 1 };
  for await (const response of localWatch(context, watch, stream)) {
    if (response.canceled) return;
    for (const event of response.events) {
      if (event.type === EventType.DELETE) return;
      if (event.kv !== undefined) await send(context, stream, event.kv);
    }
  }
}

/** Resolves when something was put under the prefix after `revision`. */
async function nextPut(
  context: ApiContext,
  prefix: Uint8Array,
  revision: number,
  call: LocalCall,
): Promise<void> {
  const watch = { key: prefix, rangeEnd: prefixEnd(prefix), startRevision: revision + 1 };
  for await (const response of localWatch(context, watch, call)) {
    if (response.canceled) return;
    if (response.events.some((event) => event.type === EventType.PUT)) return;
  }
}

async function send(
  context: ApiContext,
  stream: ServerStream<LeaderRequest, LeaderResponseInit>,
  kv: KeyValue,
): Promise<void> {
  if (!stream.send({ header: context.header(kv.modRevision), kv })) await stream.drained();
}
