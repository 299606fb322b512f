import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import { type Client, type Event, EventType, type KeyValue } from '../../../client/index.js';
import type { CacheCounts } from './cache-counts.js';
import type { ObjectCodec } from './object-codec.js';
import { everyKey, type ResourceKeys } from './resource-keys.js';
import type { StoreFeatures } from './store-features.js';
import type { StoredItem } from './stored-item.js';
import type { Update, WatchCache } from './watch-cache.js';

const pauseMsMin = 100;
const pauseMsMax = 10_000;
/** A round that lasted this long was fine. */
const stableMs = 10_000;
const pageSize = 500;

/**
 * Keeps a cache up to date: a list at one revision, then one watch from the next. The watch outlives broken connections by itself;
 * when it cannot go on (what comes next is compacted), all begins anew with a list.
 */
export class CacheFeed {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #prng: Prng;
  readonly #logger: Logger;
  readonly #keys: ResourceKeys;
  readonly #codec: ObjectCodec;
  readonly #features: StoreFeatures;
  readonly #cache: WatchCache;
  readonly #counts: CacheCounts;
  readonly #closed = new AbortController();
  /** Ends the round under way, so that the next one lists anew. */
  #round = new AbortController();
  #running: Promise<void> | null = null;
  /** Keys whose values cannot be read, with why. */
  readonly #unreadable = new Map<string, unknown>();

  constructor(options: {
    readonly client: Client;
    readonly clock: Clock;
    readonly prng: Prng;
    readonly logger: Logger;
    readonly keys: ResourceKeys;
    readonly codec: ObjectCodec;
    readonly features: StoreFeatures;
    readonly cache: WatchCache;
    readonly counts: CacheCounts;
  }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#prng = options.prng;
    this.#logger = options.logger;
    this.#keys = options.keys;
    this.#codec = options.codec;
    this.#features = options.features;
    this.#cache = options.cache;
    this.#counts = options.counts;
  }

  /** Keys in the cache's range whose values cannot be read: lists cannot leave them out in silence. */
  get unreadable(): ReadonlyMap<string, unknown> {
    return this.#unreadable;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Lists anew. */
  restart(): void {
    this.#round.abort();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#round.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let pauseMs = pauseMsMin;
    while (!this.#closed.signal.aborted) {
      this.#round = new AbortController();
      const beganMs = this.#clock.now();
      try {
        await this.#fillAndCount(this.#round.signal);
        await this.#follow(this.#round.signal);
      } catch (error) {
        if (this.#closed.signal.aborted) return;
        this.#logger.warn('a watch of the store ended; listing anew', { error: String(error) });
      }
      if (this.#closed.signal.aborted) return;
      if (this.#clock.now() - beganMs > stableMs) pauseMs = pauseMsMin;
      const jittered = pauseMs * (0.5 + this.#prng.float() / 2);
      await sleep(this.#clock, jittered, this.#closed.signal).catch(() => {});
      pauseMs = Math.min(pauseMsMax, pauseMs * 2);
    }
  }

  async #fillAndCount(signal: AbortSignal): Promise<void> {
    try {
      await this.#fill(signal);
      this.#counts.initializations++;
    } catch (error) {
      this.#counts.initializationErrors++;
      throw error;
    }
  }

  async #fill(signal: AbortSignal): Promise<void> {
    const items: StoredItem[] = [];
    const unreadable = new Map<string, unknown>();
    let revision = 0;
    const range = this.#keys.toStoreRange(everyKey);
    for await (const page of this.#client.kv.getAll(range, { pageSize, signal })) {
      revision = page.revision;
      const missing = this.#codec.prepare(page.kvs);
      if (missing !== null) await missing;
      for (const kv of page.kvs) {
        const item = this.#read(kv, unreadable);
        if (item !== null) items.push(item);
      }
    }
    this.#unreadable.clear();
    for (const [key, why] of unreadable) this.#unreadable.set(key, why);
    this.#cache.reset(items, revision);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const hasExactProgress = await this.#features.hasExactProgress();
    const listed = this.#cache.revision;
    const watcher = this.#client.watch(this.#keys.toStoreRange(everyKey), {
      // The list's own revision once more: a watch that starts in the future keeps the store from telling how far any has come.
      startRevision: listed,
      fragment: true,
      progressNotify: hasExactProgress,
      signal,
    });
    for await (const { events, revision } of watcher) {
      const updates: Update[] = [];
      const missing = this.#codec.prepare(events.map(({ kv }) => kv));
      if (missing !== null) await missing;
      for (const event of events) {
        if ((event.kv?.modRevision ?? 0) > listed) updates.push(this.#updateOf(event));
      }
      this.#counts.eventsReceived += updates.length;
      this.#cache.apply(updates, revision);
    }
  }

  #updateOf({ kv, type }: Event): Update {
    if (kv === undefined) throw new Error('a watch event has no key');
    const key = this.#keys.fromStore(kv.key);
    // A value that cannot be read is no deletion: all begins anew, and lists say what they cannot show.
    const item = type === EventType.DELETE ? null : this.#codec.decode(kv);
    this.#unreadable.delete(key);
    return { key, revision: kv.modRevision, item };
  }

  /** Null, and noted, when the value cannot be read. What the cache has already is not decoded again. */
  #read(kv: KeyValue, unreadable: Map<string, unknown>): StoredItem | null {
    const key = this.#keys.fromStore(kv.key);
    const known = this.#cache.get(key);
    if (known?.revision === kv.modRevision) return known;
    try {
      return this.#codec.decode(kv);
    } catch (error) {
      unreadable.set(key, error);
      this.#logger.error('a stored object cannot be read', { error: String(error) });
      return null;
    }
  }
}
