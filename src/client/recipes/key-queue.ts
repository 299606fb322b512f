import type { KeyValue, ResponseHeader } from '../../wire/index.js';
import { type BytesLike, toText } from '../bytes.js';
import type { RequestOptions } from '../caller.js';
import { compare } from '../compare.js';
import { ClientError } from '../errors.js';
import type { KvClient } from '../kv.js';
import { put, range } from '../operation.js';
import type { RangeOptions } from '../range.js';
import type { WatchStream } from '../watch/watch-stream.js';
import type { Session } from './session.js';

/** What the recipes need of a client. */
export interface RecipeClient {
  readonly kv: KvClient;
  readonly watches: WatchStream;
}

/** A place in a queue of keys. */
export interface Place {
  readonly key: string;
  /** The key's creation revision: the order of the queue. */
  readonly createRevision: number;
  /** What the key holds; another's value when the place was there before. */
  readonly value: Uint8Array;
  /** The key with the smallest creation revision when the place was taken. */
  readonly first: KeyValue | undefined;
  readonly header: ResponseHeader;
}

/** Where the queue of `name` keeps its keys: `name/`, as etcd's concurrency package has it. */
export function queuePrefix(name: string): string {
  return `${name}/`;
}

/** Reads the key at the head of a queue. */
export const firstCreated: RangeOptions = { limit: 1, order: 'ascend', sortBy: 'create' };

/**
 * Takes a place in the queue of `name` for the session: the key `name/<lease in hex>`, created unless it is there. The
 * transaction may be repeated: the second time it finds the key that the first has made.
 */
export async function takePlace(
  client: RecipeClient,
  options: { name: string; session: Session; value: BytesLike; call: RequestOptions },
): Promise<Place> {
  const { name, session, value, call } = options;
  session.assertAlive();
  const prefix = queuePrefix(name);
  const key = placeKey(name, session);
  const result = await client.kv
    .txn()
    .if(compare(key).isAbsent())
    .then(put(key, value, { lease: session.lease }), range({ prefix }, firstCreated))
    .else(range(key), range({ prefix }, firstCreated))
    .commit({ ...call, isRepeatable: true });
  const { header } = result;
  const first = result.results[1].kvs[0];
  if (result.succeeded) {
    return { key, createRevision: header.revision, value: new Uint8Array(0), first, header };
  }
  const own = result.results[0].kvs[0];
  if (own === undefined)
    throw new ClientError('protocol', `key ${key} is neither there nor absent`);
  return { key, createRevision: own.createRevision, value: own.value, first, header };
}

/** The session's key in the queue of `name`. */
export function placeKey(name: string, session: Session): string {
  return `${queuePrefix(name)}${BigInt.asUintN(64, session.lease).toString(16)}`;
}

/**
 * Waits until no key of the queue was created before `createRevision`, watching only the direct predecessor. Resolves
 * with the store's revision at which that was so.
 */
export async function waitForTurn(
  client: RecipeClient,
  options: { name: string; createRevision: number; signal: AbortSignal },
): Promise<number> {
  const { name, createRevision, signal } = options;
  const predecessors: RangeOptions = {
    limit: 1,
    order: 'descend',
    sortBy: 'create',
    maxCreateRevision: createRevision - 1,
  };
  for (;;) {
    const { kvs, header } = await client.kv.range(
      { prefix: queuePrefix(name) },
      { ...predecessors, signal },
    );
    const predecessor = kvs[0];
    if (predecessor === undefined) return header.revision;
    await waitForDelete(client, predecessor.key, header.revision + 1, signal);
  }
}

async function waitForDelete(
  client: RecipeClient,
  key: Uint8Array,
  startRevision: number,
  signal: AbortSignal,
): Promise<void> {
  const watcher = client.watches.watch(key, { startRevision, without: ['put'], signal });
  try {
    for await (const { events } of watcher) if (events.length > 0) return;
  } catch (error) {
    // The missed part of the history is gone; the next look at the queue tells what became of the key.
    if (error instanceof ClientError && error.code === 'compacted') return;
    throw error;
  }
  throw new ClientError('cancelled', `gave up waiting for ${toText(key)}`, {
    cause: signal.reason,
  });
}
