import { implementService } from '../../rpc/implement.js';
import { RpcError, type ServiceImplementation, Status } from '../../rpc/service.js';
import { Lock } from '../../wire/gen/v3lockpb.js';
import type { ApiContext } from './context.js';
import { currentHeader } from './header.js';
import { afterwards, createdAt, type LocalCall, localRange, localTxn } from './local-client.js';
import { contenderKey, leaseOf, waitForTurn } from './queue.js';

/** v3lockpb.Lock: a fair lock per name. Whoever's key is there holds the lock or waits for it. */
export function lockService(context: ApiContext): ServiceImplementation {
  return implementService(Lock, {
    async Lock(request, call) {
      const lease = await leaseOf(context, request.lease, call);
      const key = contenderKey(request.name, lease);
      const revision = await enter(context, key, lease, call);
      try {
        await waitForTurn(context, request.name, revision - 1, call);
      } catch (error) {
        await leave(context, key, revision, afterwards(call)).catch(() => {});
        throw error;
      }
      const held = await localRange(context, { key }, call);
      if (held.kvs.length === 0) {
        throw new RpcError(Status.unknown, 'mutex: session is expired');
      }
      return { header: context.header(held.header?.revision ?? context.mvcc.revision), key };
    },

    async Unlock(request, call) {
      const success = [{ requestDeleteRange: { key: request.key } }];
      await localTxn(context, { compare: [], success, failure: [] }, call);
      return { header: currentHeader(context) };
    },
  });
}

/** Puts the contender's key unless it is there already, and resolves with its creation revision. */
async function enter(
  context: ApiContext,
  key: Uint8Array,
  lease: bigint,
  call: LocalCall,
): Promise<number> {
  const response = await localTxn(
    context,
    {
      compare: [createdAt(key, 0)],
      success: [{ requestPut: { key, lease } }],
      failure: [{ requestRange: { key } }],
    },
    call,
  );
  if (response.succeeded) return response.header?.revision ?? 0;
  return response.responses[0]?.responseRange?.kvs[0]?.createRevision ?? 0;
}

async function leave(
  context: ApiContext,
  key: Uint8Array,
  revision: number,
  call: LocalCall,
): Promise<void> {
  const compare = [createdAt(key, revision)];
  const success = [{ requestDeleteRange: { key } }];
  await localTxn(context, { compare, success, failure: [] }, call);
}
