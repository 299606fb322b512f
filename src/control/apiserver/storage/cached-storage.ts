import type { Clock } from '../../../base/clock.js';
import type { GroupResource } from '../../machinery/object.js';
import { internalError, notFound } from '../../machinery/status-errors.js';
import type { CacheCounts } from './cache-counts.js';
import type { CacheFeed } from './cache-feed.js';
import { pickPage } from './cache-page.js';
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
import type { CurrencyCheck } from './currency-check.js';
import { initialFreshnessOf, startsWithState } from './initial-events.js';
import type { ProgressAsker } from './progress-asker.js';
import { hasName, type ResourceKeys } from './resource-keys.js';
import type { RevisionReader } from './revision-reader.js';
import { notReady, revisionTooLarge, storeFailure } from './store-failure.js';
import type { StoreFeatures } from './store-features.js';
import type { StoreReader } from './store-reader.js';
import type { StoreWriter } from './store-writer.js';
import { StoreWrites } from './store-writes.js';
import type { StoredItem } from './stored-item.js';
import type { WatchCache } from './watch-cache.js';

/** How long a request waits for the cache to be filled at the start. */
const fillMsMax = 10_000;
/** How long a read waits for the cache to come to a revision. */
const reachMsMax = 3000;
/** How long it waits for the store to say how far the watch has come, before the cache is compared with the store. */
const progressMsMax = 300;
/** Between comparisons, unless something comes. */
const compareAgainMs = 100;
/** Objects looked at for a batch of initial events. */
const firstBatchMax = 500;

/** The objects of a resource, read and watched from memory; writes go to the store, starting from what the cache has. */
export class CachedStorage extends StoreWrites implements ObjectStorage {
  readonly #clock: Clock;
  readonly #keys: ResourceKeys;
  readonly #resource: GroupResource;
  readonly #reader: StoreReader;
  readonly #cache: WatchCache;
  readonly #feed: CacheFeed;
  readonly #revisions: RevisionReader;
  readonly #progress: ProgressAsker;
  readonly #features: StoreFeatures;
  readonly #currency: CurrencyCheck;
  readonly #counts: CacheCounts;

  constructor(options: {
    readonly clock: Clock;
    readonly keys: ResourceKeys;
    readonly resource: GroupResource;
    readonly reader: StoreReader;
    readonly writer: StoreWriter;
    readonly cache: WatchCache;
    readonly feed: CacheFeed;
    readonly revisions: RevisionReader;
    readonly progress: ProgressAsker;
    readonly features: StoreFeatures;
    readonly currency: CurrencyCheck;
    readonly counts: CacheCounts;
  }) {
    super(options.writer);
    this.#clock = options.clock;
    this.#keys = options.keys;
    this.#resource = options.resource;
    this.#reader = options.reader;
    this.#cache = options.cache;
    this.#feed = options.feed;
    this.#revisions = options.revisions;
    this.#progress = options.progress;
    this.#features = options.features;
    this.#currency = options.currency;
    this.#counts = options.counts;
  }

  /** What the cache holds and serves at the moment, for metrics. */
  stats() {
    const { size, watcherCount, windowSize, revision } = this.#cache;
    const counts = this.#counts;
    return { objects: size, watchers: watcherCount, events: windowSize, revision, counts };
  }

  async get(namespace: string, name: string, freshness: Freshness): Promise<StoredObject> {
    const key = this.#keys.keyOf(namespace, name);
    const item = await this.#getItem(key, freshness);
    if (item === null || item === undefined) throw notFound(this.#resource, name);
    return item;
  }

  atHand(namespace: string): readonly StoredObject[] | null {
    if (!this.#cache.isFilled || this.#feed.unreadable.size > 0) return null;
    return this.#cache.all(namespace);
  }

  oneAtHand(namespace: string, name: string): StoredObject | undefined {
    const key = this.#keys.keyOf(namespace, name);
    if (!this.#cache.isFilled || this.#feed.unreadable.has(key)) return undefined;
    return this.#cache.get(key);
  }

  async list(query: ListQuery): Promise<ListPage> {
    const revision = await this.#revisionFor(query.freshness);
    if (revision === null) return await this.#reader.list(query);
    this.#checkReadable();
    const source = this.#cache.source(query, revision);
    if (source === null) return await this.#reader.list(query);
    const looseName = this.#keys.looseNameOf(query);
    const page = await pickPage(this.#clock, source, { query, looseName });
    this.#counts.onList(query.index?.index ?? '', source.items.length, page.items.length);
    return page;
  }

  async *watch(
    query: WatchQuery,
    { signal, timeoutMs }: WatchOptions,
  ): AsyncGenerator<readonly StorageEvent[], void, undefined> {
    const withState = startsWithState(query);
    const isReached = await this.#untilReached(query, withState, signal);
    if (!isReached || signal.aborted || this.#cache.isClosed) return;
    const { watcher, state, missed, revision } = this.#cache.attach(query, {
      afterRevision: withState ? null : query.afterRevision,
      timeoutMs: timeoutMs ?? null,
    });
    const onAbort = () => watcher.end(null);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#counts.initEvents += state.length;
    try {
      if (missed.length > 0) yield missed;
      yield* this.#added(state, query);
      if (query.sendInitialEvents && query.bookmarks) {
        yield [{ type: 'bookmark', revision, endsInitialEvents: true }];
      }
      const now = () => this.#clock.now();
      for (;;) {
        const batch = await watcher.next(now);
        if (batch === null) return;
        yield batch;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      if (watcher.isOverrun) this.#counts.terminatedWatchers++;
      watcher.end(null);
      this.#cache.detach(watcher);
    }
  }

  async count(): Promise<number> {
    return this.#cache.isFilled ? this.#cache.size : await this.#reader.count();
  }

  /** Resolves once the cache is filled; rejects with 429 when that takes too long. */
  async filled(): Promise<void> {
    if (!(await this.#cache.reached(0, { timeoutMs: fillMsMax }))) throw notReady(this.#resource);
  }

  /** Ends all watches and the feed. */
  async close(): Promise<void> {
    this.#cache.close();
    await this.#feed.close();
  }

  async #getItem(key: string, freshness: Freshness): Promise<StoredObject | null | undefined> {
    const known = this.#cache.get(key);
    const isServed =
      freshness.at === 'any'
        ? this.#cache.isFilled
        : freshness.at === 'not-older' && this.#cache.revision >= freshness.revision;
    if (isServed && !this.#feed.unreadable.has(key)) return known;
    // One read of the key is as cheap as the read that would confirm the cache, and it decodes nothing that is known.
    return await this.#reader.get(key, freshness, known);
  }

  /** The cache's revision that a list is to be of; null: the store itself is asked. */
  async #revisionFor(freshness: Freshness): Promise<number | null> {
    await this.filled();
    switch (freshness.at) {
      case 'any':
        return this.#cache.revision;
      case 'latest': {
        const revision = await this.#confirm();
        if (revision === null) this.#counts.unconfirmed++;
        else this.#counts.confirmed++;
        return revision;
      }
      case 'not-older': {
        if (await this.#reach(freshness.revision)) return this.#cache.revision;
        if (!(await this.#features.hasExactProgress())) return null;
        throw revisionTooLarge(freshness.revision, this.#cache.revision, 1);
      }
      case 'exact':
        return freshness.revision <= this.#cache.revision ? freshness.revision : null;
    }
  }

  /** A revision of the cache that has all that the store had when this was called; null when there is none in time. */
  async #confirm(): Promise<number | null> {
    try {
      return (await this.#features.hasExactProgress())
        ? await this.#confirmByProgress()
        : await this.#confirmByComparing();
    } catch (error) {
      throw storeFailure(error, { action: 'list', resource: this.#resource });
    }
  }

  async #confirmByProgress(): Promise<number | null> {
    const before = this.#cache.revision;
    const revision = await this.#revisions.current();
    if (revision < before) {
      // The store is not what it was (restored from a backup): nothing in memory counts.
      this.#feed.restart();
      return null;
    }
    if (await this.#reach(revision, progressMsMax)) return this.#cache.revision;
    return await this.#confirmByComparing();
  }

  /** Looks again for as long as the watch may need to bring what the store has. */
  async #confirmByComparing(): Promise<number | null> {
    const endMs = this.#clock.now() + reachMsMax;
    for (;;) {
      const revision = await this.#currency.currentRevision();
      if (revision !== null || this.#clock.now() >= endMs) return revision;
      await this.#cache.reached(this.#cache.revision + 1, { timeoutMs: compareAgainMs });
    }
  }

  async #reach(revision: number, timeoutMs: number = reachMsMax): Promise<boolean> {
    if (this.#cache.revision >= revision) return true;
    const stopAsking = await this.#askForProgress();
    try {
      return await this.#cache.reached(revision, { timeoutMs });
    } finally {
      stopAsking();
    }
  }

  async #askForProgress(): Promise<() => void> {
    return (await this.#features.hasExactProgress()) ? this.#progress.want() : () => {};
  }

  /** Waits until the cache can begin a watch; false when it will not. */
  async #untilReached(
    query: WatchQuery,
    withState: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (!withState) {
      await this.filled();
      // The future may be another replica's present: it comes. Meanwhile there is nothing to tell.
      const revision = query.afterRevision ?? 0;
      if (await this.#reach(revision)) return true;
      return await this.#cache.reached(revision, { timeoutMs: null, signal });
    }
    const freshness = initialFreshnessOf(query);
    let revision = await this.#revisionFor(freshness);
    // The cache may have all there is without knowing how far the store is.
    if (revision === null && freshness.at === 'not-older') revision = await this.#confirm();
    if (revision === null) throw notReady(this.#resource);
    this.#checkReadable();
    return true;
  }

  /** What a watch begins with, filtered as it is read. */
  *#added(
    state: readonly StoredItem[],
    query: WatchQuery,
  ): Generator<readonly StorageEvent[], void, undefined> {
    const looseName = this.#keys.looseNameOf(query);
    for (let at = 0; at < state.length; at += firstBatchMax) {
      const events: StorageEvent[] = [];
      for (const item of state.slice(at, at + firstBatchMax)) {
        if (looseName !== null && !hasName(item.key, looseName)) continue;
        if (query.filter === null || query.filter(item.object))
          events.push({ type: 'added', item });
      }
      if (events.length > 0) yield events;
    }
  }

  #checkReadable(): void {
    for (const error of this.#feed.unreadable.values()) throw internalError(error);
  }
}
