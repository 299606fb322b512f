import { compare } from '../compare.js';
import { ClientError } from '../errors.js';
import { remove } from '../operation.js';
import { placeKey, type RecipeClient, takePlace, waitForTurn } from './key-queue.js';
import { linkSignals } from './link-signals.js';
import type { Session } from './session.js';

/** How to acquire a lock. */
export interface LockOptions {
  /** The session that owns the lock: it is lost with the session's lease. */
  readonly session: Session;
  /** Gives up waiting when aborted. A lock that is held already is not affected. */
  readonly signal?: AbortSignal;
  /** Throws `failed-precondition` in place of waiting when another holds the lock. Default false. */
  readonly isTry?: boolean;
}

/** A lock held. */
export interface Lock {
  /** The key that stands for the holder; guard writes with `compare(lock.key).createRevision('=', lock.fencingToken)`. */
  readonly key: string;
  /**
   * The key's creation revision. Of two holders the later has the greater one: a resource that remembers the greatest
   * it has seen can refuse a holder that does not know yet that it lost the lock.
   */
  readonly fencingToken: number;
  /** Aborted when the lock may be lost because the session's lease is. */
  readonly lost: AbortSignal;
  /** Gives the lock up. */
  release(): Promise<void>;
}

/**
 * Acquires the lock `name`. Waiters are served in the order in which they came. Compatible with etcd's concurrency
 * package (and so `etcdctl lock`): the same keys, the same order. Reentrant per session: one session holds a lock once.
 */
export async function acquireLock(
  client: RecipeClient,
  name: string,
  { session, signal, isTry = false }: LockOptions,
): Promise<Lock> {
  const link = linkSignals([session.lost, signal]);
  try {
    const call = { signal: link.signal };
    const place = await takePlace(client, { name, session, value: '', call });
    const { key, createRevision } = place;
    const lock = heldLock(client, session, key, createRevision);
    const isFirst = place.first === undefined || place.first.createRevision === createRevision;
    if (isFirst) return lock;
    if (isTry) throw new ClientError('failed-precondition', `lock ${name} is held by another`);
    await waitForTurn(client, { name, createRevision, signal: link.signal });
    await assertHeld(client, key, createRevision, link.signal);
    return lock;
  } catch (error) {
    await leaveQueue(client, name, session);
    session.assertAlive();
    throw error;
  } finally {
    link.dispose();
  }
}

function heldLock(
  client: RecipeClient,
  session: Session,
  key: string,
  createRevision: number,
): Lock {
  return {
    key,
    fencingToken: createRevision,
    lost: session.lost,
    async release() {
      await client.kv
        .txn()
        .if(compare(key).createRevision('=', createRevision))
        .then(remove(key))
        .commit({ isRepeatable: true });
    },
  };
}

/** The turn may have come because the own key went too: then the session is over, whatever its clock says. */
async function assertHeld(
  client: RecipeClient,
  key: string,
  createRevision: number,
  signal: AbortSignal,
): Promise<void> {
  const { kv } = await client.kv.get(key, { signal });
  if (kv?.createRevision === createRevision) return;
  throw new ClientError('lease-lost', `the place ${key} in the queue is gone`);
}

/** Takes the key out of the queue after a failure, so that nobody waits behind it; else it goes with the lease. */
async function leaveQueue(client: RecipeClient, name: string, session: Session): Promise<void> {
  if (session.lost.aborted) return;
  await client.kv.delete(placeKey(name, session), { isRepeatable: true }).catch(() => {});
}
