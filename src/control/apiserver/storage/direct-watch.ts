import { type Client, ClientError, type Event, EventType } from '../../../client/index.js';
import { Change } from './change.js';
import type { StorageEvent, WatchQuery } from './contracts.js';
import type { ObjectCodec } from './object-codec.js';
import { hasName, type ResourceKeys } from './resource-keys.js';
import { watchExpired } from './store-failure.js';

/** What a watch of the store needs. */
export interface DirectWatchParts {
  readonly client: Client;
  readonly keys: ResourceKeys;
  readonly codec: ObjectCodec;
}

/** The events after a revision, from a watch of the store of its own. Throws StatusError and ClientError. */
export async function* watchStore(
  { client, keys, codec }: DirectWatchParts,
  query: WatchQuery,
  options: {
    readonly afterRevision: number;
    /** What the store says of its progress becomes bookmarks. */
    readonly hasBookmarks: boolean;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<readonly StorageEvent[], void, undefined> {
  const { afterRevision, hasBookmarks, signal } = options;
  const looseName = keys.looseNameOf(query);
  const watcher = client.watch(keys.toStoreRange(keys.rangeOf(query)), {
    startRevision: afterRevision + 1,
    prevKv: true,
    fragment: true,
    progressNotify: hasBookmarks,
    signal,
  });
  try {
    for await (const { events, revision } of watcher) {
      const seen: StorageEvent[] = [];
      const missing = codec.prepare(events.flatMap(({ kv, prevKv }) => [kv, prevKv]));
      if (missing !== null) await missing;
      for (const event of events) {
        const change = changeOf(event, { keys, codec });
        if (looseName !== null && !hasName(change.key, looseName)) continue;
        const storageEvent = change.eventFor(query.filter);
        if (storageEvent !== null) seen.push(storageEvent);
      }
      if (events.length === 0 && hasBookmarks) {
        seen.push({ type: 'bookmark', revision, endsInitialEvents: false });
      }
      if (seen.length > 0) yield seen;
    }
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'compacted') throw error;
    throw watchExpired(afterRevision, (error.compactRevision ?? 1) - 1);
  }
}

function changeOf(
  { kv, prevKv, type }: Event,
  { keys, codec }: Pick<DirectWatchParts, 'keys' | 'codec'>,
): Change {
  if (kv === undefined) throw new ClientError('protocol', 'a watch event has no key');
  const isDeletion = type === EventType.DELETE;
  const wasThere = isDeletion || kv.createRevision !== kv.modRevision;
  // The state before the first event that is kept may be compacted: then nobody can say what the event means.
  if (wasThere && prevKv === undefined) throw watchExpired(kv.modRevision - 1, kv.modRevision);
  return new Change({
    key: keys.fromStore(kv.key),
    revision: kv.modRevision,
    before: prevKv === undefined ? null : codec.decode(prevKv),
    after: isDeletion ? null : codec.decode(kv),
  });
}
