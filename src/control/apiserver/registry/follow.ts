import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { KubeObject } from '../../machinery/object.js';
import type { ObjectStorage, StorageEvent } from '../storage/contracts.js';

/** Who is told of all objects of a resource and their changes, in order. */
export interface Follower {
  upsert(object: KubeObject): void;
  remove(object: KubeObject): void;
  /** All that was there at the start has been told. */
  onSynced?(): void;
}

const retryMs = 200;

/** How somebody follows. */
export interface FollowOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Nothing but this object. Default: all of the resource. */
  readonly only?: { readonly namespace: string; readonly name: string };
}

/**
 * Tells a follower of everything that is there and of every change after, until `signal` aborts. When the watch breaks it begins
 * again, and what is gone by then is told as removed.
 */
export async function follow(
  storage: ObjectStorage,
  follower: Follower,
  options: FollowOptions,
): Promise<void> {
  const { clock, logger, signal } = options;
  const known = new Map<string, KubeObject>();
  while (!signal.aborted) {
    try {
      await followOnce(storage, follower, known, options);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) logger.debug('a watch begins again', { error: text });
    }
    await sleep(clock, retryMs, signal).catch(() => {});
  }
}

async function followOnce(
  storage: ObjectStorage,
  follower: Follower,
  known: Map<string, KubeObject>,
  { signal, only }: FollowOptions,
): Promise<void> {
  const query = {
    namespace: '',
    ...only,
    filter: null,
    afterRevision: null,
    sendInitialEvents: true,
    bookmarks: true,
  };
  let seen: Set<string> | null = new Set();
  for await (const batch of storage.watch(query, { signal })) {
    for (const event of batch) {
      if (event.type !== 'bookmark') {
        apply(event, follower, known);
        seen?.add(keyOf(event.item.object));
      } else if (event.endsInitialEvents && seen !== null) {
        removeUnseen(follower, known, seen);
        seen = null;
        follower.onSynced?.();
      }
    }
  }
}

function apply(
  event: Exclude<StorageEvent, { readonly type: 'bookmark' }>,
  follower: Follower,
  known: Map<string, KubeObject>,
): void {
  const { object } = event.item;
  const key = keyOf(object);
  if (event.type === 'deleted') {
    known.delete(key);
    follower.remove(object);
  } else {
    known.set(key, object);
    follower.upsert(object);
  }
}

function removeUnseen(
  follower: Follower,
  known: Map<string, KubeObject>,
  seen: ReadonlySet<string>,
): void {
  for (const [key, object] of known) {
    if (seen.has(key)) continue;
    known.delete(key);
    follower.remove(object);
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
