import { type Clock, sleep } from '../../../base/clock.js';
import type { Client } from '../../../client/index.js';
import type { GroupResource } from '../../machinery/object.js';
import { notFound } from '../../machinery/status-errors.js';
import type {
  Freshness,
  ListPage,
  ListQuery,
  ObjectStorage,
  StorageEvent,
  StoredObject,
  WatchOptions,
  WatchQuery,
} from './contracts.js';
import { watchStore } from './direct-watch.js';
import { initialFreshnessOf, startsWithState } from './initial-events.js';
import type { ObjectCodec } from './object-codec.js';
import type { ResourceKeys } from './resource-keys.js';
import { storeFailure } from './store-failure.js';
import type { StoreFeatures } from './store-features.js';
import type { StoreReader } from './store-reader.js';
import type { StoreWriter } from './store-writer.js';
import { StoreWrites } from './store-writes.js';

const bookmarkMs = 60_000;

/** The objects of a resource, every request answered by the store. */
export class DirectStorage extends StoreWrites implements ObjectStorage {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #keys: ResourceKeys;
  readonly #codec: ObjectCodec;
  readonly #resource: GroupResource;
  readonly #reader: StoreReader;
  readonly #features: StoreFeatures;
  /** Of the watches under way. */
  readonly #watches = new Set<AbortController>();
  #isClosed = false;

  constructor(options: {
    readonly client: Client;
    readonly clock: Clock;
    readonly keys: ResourceKeys;
    readonly codec: ObjectCodec;
    readonly resource: GroupResource;
    readonly reader: StoreReader;
    readonly writer: StoreWriter;
    readonly features: StoreFeatures;
  }) {
    super(options.writer);
    this.#client = options.client;
    this.#clock = options.clock;
    this.#keys = options.keys;
    this.#codec = options.codec;
    this.#resource = options.resource;
    this.#reader = options.reader;
    this.#features = options.features;
  }

  async get(namespace: string, name: string, freshness: Freshness): Promise<StoredObject> {
    const item = await this.#reader.get(this.#keys.keyOf(namespace, name), freshness);
    if (item === null) throw notFound(this.#resource, name);
    return item;
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#reader.list(query);
  }

  async *watch(
    query: WatchQuery,
    { signal }: WatchOptions,
  ): AsyncGenerator<readonly StorageEvent[], void, undefined> {
    let afterRevision = query.afterRevision ?? 0;
    if (startsWithState(query)) {
      const freshness = initialFreshnessOf(query);
      const page = await this.#reader.list({ ...query, freshness, limit: 0, afterKey: '' });
      const events: StorageEvent[] = page.items.map((item) => ({ type: 'added', item }));
      afterRevision = page.revision;
      if (query.sendInitialEvents && query.bookmarks) {
        events.push({ type: 'bookmark', revision: afterRevision, endsInitialEvents: true });
      }
      if (events.length > 0) yield events;
    }
    const parts = { client: this.#client, keys: this.#keys, codec: this.#codec };
    const ended = new AbortController();
    const end = () => ended.abort();
    this.#watches.add(ended);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted || this.#isClosed) end();
    // A bookmark must not claim what has not been sent.
    const hasBookmarks = query.bookmarks && (await this.#features.hasExactProgress());
    if (hasBookmarks) void this.#askForProgress(ended.signal);
    try {
      const options = { afterRevision, hasBookmarks, signal: ended.signal };
      yield* watchStore(parts, query, options);
    } catch (error) {
      throw storeFailure(error, { action: 'watch', resource: this.#resource });
    } finally {
      signal.removeEventListener('abort', end);
      this.#watches.delete(ended);
      end();
    }
  }

  count(): Promise<number> {
    return this.#reader.count();
  }

  /** Nothing has to be filled. */
  async filled(): Promise<void> {}

  /** Ends all watches. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const watch of this.#watches) watch.abort();
  }

  /** Makes the store say how far the watch has come, so that there is something to put on bookmarks. */
  async #askForProgress(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      await sleep(this.#clock, bookmarkMs, ended).catch(() => {});
      if (!ended.aborted) this.#client.requestProgress();
    }
  }
}
