import { concatBytes } from '../../base/bytes.js';
import { SortOrder, SortTarget } from '../../wire/gen/etcdserverpb.js';
import type { KeyValue } from '../../wire/gen/mvccpb.js';
import { StoreError } from '../errors.js';
import { requireUser } from './access.js';
import type { ApiContext } from './context.js';
import { grantLease } from './lease.js';
import { type LocalCall, localRange, prefixEnd, waitForDelete } from './local-client.js';

/**
 * The queue that lock and election are made of: one key per contender under a common prefix, alive as long as its lease,
 * first come first served by creation revision. A contender waits for the one before it only, so that nobody wakes
 * in vain.
 */

/** Seconds of the lease made for a contender that brings none. It is not renewed. */
const defaultLeaseSeconds = 60;

const encoder = new TextEncoder();

/** The prefix of a queue's keys: its name and a slash. */
export function queuePrefix(name: Uint8Array): Uint8Array {
  return concatBytes([name, encoder.encode('/')]);
}

/** A contender's key: the prefix and its lease in hex, as Go prints a signed number. */
export function contenderKey(name: Uint8Array, lease: bigint): Uint8Array {
  return concatBytes([queuePrefix(name), encoder.encode(lease.toString(16))]);
}

/** The contender's lease, or a new one. */
export async function leaseOf(
  context: ApiContext,
  lease: bigint,
  call: LocalCall,
): Promise<bigint> {
  if (lease !== 0n) return lease;
  await requireUser(context, call);
  const granted = await grantLease(context, { ID: 0n, TTL: defaultLeaseSeconds }, call.signal);
  return granted.ID;
}

/** Waits until no key under the prefix was created at `revisionMax` or before. */
export async function waitForTurn(
  context: ApiContext,
  name: Uint8Array,
  revisionMax: number,
  call: LocalCall,
): Promise<void> {
  for (;;) {
    const newest = { sortOrder: SortOrder.DESCEND, maxCreateRevision: revisionMax };
    const { contender, revision } = await contenderAt(newest, context, name, call);
    if (contender === undefined) return;
    try {
      await waitForDelete(context, contender.key, revision, call);
    } catch (error) {
      // What happened meanwhile is compacted away: look again from where the store is now.
      if (!(error instanceof StoreError) || error.code !== 'compacted') throw error;
    }
  }
}

/** The contender that came first, if any. */
export function firstContender(
  context: ApiContext,
  name: Uint8Array,
  call: LocalCall,
): Promise<FoundContender> {
  return contenderAt({ sortOrder: SortOrder.ASCEND }, context, name, call);
}

/** The end of a queue that was asked for, and the store's revision by then. */
interface FoundContender {
  readonly contender: KeyValue | undefined;
  readonly revision: number;
}

async function contenderAt(
  end: { readonly sortOrder: SortOrder; readonly maxCreateRevision?: number },
  context: ApiContext,
  name: Uint8Array,
  call: LocalCall,
): Promise<FoundContender> {
  const key = queuePrefix(name);
  const response = await localRange(
    context,
    { key, rangeEnd: prefixEnd(key), limit: 1, sortTarget: SortTarget.CREATE, ...end },
    call,
  );
  return { contender: response.kvs[0], revision: response.header?.revision ?? 0 };
}
