import { implementService } from '../../rpc/implement.js';
import { RpcError, type ServiceImplementation, Status } from '../../rpc/service.js';
import { Lock } from '../../wire/gen/v3lockpb.js';
import type { ApiContext } from './context.js';
import { currentHeader } from './header.js';
import { createdAt, localRange, localTxn } from './local-client.js';
import { contenderKey, leaseOf, waitForTurn } from './queue.js';

/** Cleaning up after a caller that went away is not cancelled with it. */
const never = new AbortController().signal;

/** v3lockpb.Lock: a fair lock per name. Whoever's key is there holds the lock or waits for it. */
export function lockService(context: ApiContext): ServiceImplementation {
  return implementService(Lock, {
    async Lock(request, { signal }) {
      const lease = await leaseOf(context, request.lease, signal);
      const key = contenderKey(request.name, lease);
      const revision = await enter(context, key, lease, signal);
      try {
        await waitForTurn(context, request.name, revision - 1, signal);
      } catch (error) {
        await leave(context, key, revision).catch(() => {});
        throw error;
      }
      const held = await localRange(context, { key }, signal);
      if (held.kvs.length === 0) {
        throw new RpcError(Status.unknown, 'mutex: session is expired');
      }
      return { header: context.header(held.header?.revision ?? context.mvcc.revision), key };
    },

    async Unlock(request, { signal }) {
      const success = [{ requestDeleteRange: { key: request.key } }];
      await localTxn(context, { compare: [], success, failure: [] }, signal);
      return { header: currentHeader(context) };
    },
  });
}

/** Puts the contender's key unless it is there already, and resolves with its creation revision. */
async function enter(
  context: ApiContext,
  key: Uint8Array,
  lease: bigint,
  signal: AbortSignal,
): Promise<number> {
  const response = await localTxn(
    context,
    {
      compare: [createdAt(key, 0)],
      success: [{ requestPut: { key, lease } }],
      failure: [{ requestRange: { key } }],
    },
    signal,
  );
  if (response.succeeded) return response.header?.revision ?? 0;
  return response.responses[0]?.responseRange?.kvs[0]?.createRevision ?? 0;
}

async function leave(context: ApiContext, key: Uint8Array, revision: number): Promise<void> {
  const compare = [createdAt(key, revision)];
  const success = [{ requestDeleteRange: { key } }];
  await localTxn(context, { compare, success, failure: [] }, never);
}
