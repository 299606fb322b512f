import { type Client, ClientError, compare, put, range, toText } from '../../client/index.js';
import { type ElectionCall, type ElectionStore, ElectionStoreError } from './election-store.js';

/** Elections by a cluster of the store (or of etcd): leases, transactions and watches over gRPC. */
export function clientElectionStore(client: Client): ElectionStore {
  return {
    async read(key, call) {
      const { kvs, header } = await asked(client.kv.range(key, call), call);
      const [kv] = kvs;
      const holder =
        kv === undefined ? null : { value: toText(kv.value), createRevision: kv.createRevision };
      return { holder, revision: header.revision };
    },

    async grant(ttlSeconds, call) {
      const { ID, TTL } = await asked(client.lease.grant(ttlSeconds, call), call);
      if (TTL >= ttlSeconds) return ID;
      throw new ElectionStoreError(`the store granted ${TTL} s in place of ${ttlSeconds} s`);
    },

    async claim({ key, value, lease }, call) {
      const commit = client.kv
        .txn()
        .if(compare(key).isAbsent())
        .then(put(key, value, { lease }))
        .else(range(key))
        .commit({ ...call, isRepeatable: true });
      const result = await asked(commit, call);
      if (result.succeeded) return result.header.revision;
      const [kv] = result.results[0].kvs;
      return kv?.lease === lease ? kv.createRevision : null;
    },

    async renew(lease, call) {
      try {
        await client.lease.keepAliveOnce(lease, call);
        return true;
      } catch (error) {
        if (isGone(error)) return false;
        throw failure(error, call);
      }
    },

    async revoke(lease, call) {
      try {
        await client.lease.revoke(lease, { ...call, isRepeatable: true });
      } catch (error) {
        if (!isGone(error)) throw failure(error, call);
      }
    },

    async untilReleased(key, revision, signal) {
      const options = { startRevision: revision + 1, without: ['put'] as const, signal };
      try {
        for await (const { events } of client.watch(key, options)) if (events.length > 0) return;
      } catch (error) {
        // What was missed is gone: who waits looks again.
        if (error instanceof ClientError && error.code === 'compacted') return;
        throw failure(error, { signal });
      }
      signal.throwIfAborted();
    },
  };
}

async function asked<T>(answer: Promise<T>, call: ElectionCall): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw failure(error, call);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'lease-not-found';
}

function failure(error: unknown, { signal }: Pick<ElectionCall, 'signal'>): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (!(error instanceof ClientError)) return error;
  return new ElectionStoreError(error.message, { cause: error });
}
