import { type Client, ClientError, type KeyValue } from '../../../client/index.js';
import type { GroupResource } from '../../machinery/object.js';
import type { Freshness, ListPage, ListQuery } from './contracts.js';
import type { ObjectCodec } from './object-codec.js';
import {
  hasName,
  isEmptyRange,
  type KeyRange,
  keyAfter,
  type ResourceKeys,
  rangeAfter,
  textOfKey,
} from './resource-keys.js';
import { continueExpired, listExpired, revisionTooLarge, storeFailure } from './store-failure.js';
import type { StoreTimer } from './store-timer.js';
import type { StoredItem } from './stored-item.js';

/** Objects in the first request of a list; the next ones are as large as the objects' size allows. */
const pageSizeFirst = 100;
const pageSizeMax = 1000;
/** About what one response holds: it is decoded in one go. */
const pageBytes = 1024 * 1024;
/** A client whose revision the store has not reached may ask again after this. */
const retrySeconds = 1;

/** What a page is made of so far. */
interface Scan {
  readonly items: StoredItem[];
  /** Objects in the range after the last one looked at; null before the first response. */
  left: number | null;
  /** The last key looked at. */
  lastKey: string;
}

/** Reads objects from the store itself. Rejects with StatusError. */
export class StoreReader {
  readonly #client: Client;
  readonly #keys: ResourceKeys;
  readonly #codec: ObjectCodec;
  readonly #resource: GroupResource;
  readonly #timer: StoreTimer;

  constructor(options: {
    readonly client: Client;
    readonly keys: ResourceKeys;
    readonly codec: ObjectCodec;
    readonly resource: GroupResource;
    readonly timer: StoreTimer;
  }) {
    this.#client = options.client;
    this.#keys = options.keys;
    this.#codec = options.codec;
    this.#resource = options.resource;
    this.#timer = options.timer;
  }

  /** Null when it is not there. `reuse` is answered instead of a new item when it is of the same revision. */
  async get(key: string, freshness: Freshness, reuse?: StoredItem): Promise<StoredItem | null> {
    try {
      const reading = this.#client.kv.get(this.#keys.toStore(key), {
        ...(freshness.at === 'exact' ? { revision: freshness.revision } : {}),
        isSerializable: freshness.at === 'any',
      });
      const { header, kv } = await this.#timer.measure('get', reading);
      checkReached(freshness, header.revision);
      if (kv === undefined) return null;
      if (reuse?.revision === kv.modRevision) return reuse;
      const missing = this.#codec.prepare([kv]);
      if (missing !== null) await missing;
      return this.#codec.decode(kv);
    } catch (error) {
      throw await this.#failure(error, 'get', { freshness, isPaging: false });
    }
  }

  /** A page of a list, read a bounded number of bytes at a time, all at one revision. */
  async list(query: ListQuery): Promise<ListPage> {
    const { freshness, limit } = query;
    const isPaging = query.afterKey !== '';
    const scan: Scan = { items: [], left: null, lastKey: '' };
    let range = rangeAfter(this.#keys.rangeOf(query), query.afterKey);
    let revision = freshness.at === 'exact' ? freshness.revision : null;
    let pageSize = limit === 0 ? pageSizeFirst : Math.min(limit, pageSizeFirst);
    try {
      if (isEmptyRange(range)) range = { lower: range.lower, upper: keyAfter(range.lower) };
      for (;;) {
        const response = await this.#range(range, { revision, pageSize, freshness });
        checkReached(freshness, response.header.revision);
        revision ??= response.header.revision;
        const missing = this.#codec.prepare(response.kvs);
        if (missing !== null) await missing;
        this.#take(scan, query, response);
        if (scan.left === 0 || isFull(scan, limit)) return pageOf(scan, query, revision);
        range = { lower: keyAfter(scan.lastKey), upper: range.upper };
        pageSize = nextPageSize(response.kvs);
      }
    } catch (error) {
      throw await this.#failure(error, 'list', { freshness, isPaging });
    }
  }

  async count(): Promise<number> {
    try {
      const range = this.#keys.toStoreRange({ lower: '', upper: null });
      const counting = this.#client.kv.range(range, { countOnly: true });
      return (await this.#timer.measure('count', counting)).count;
    } catch (error) {
      throw storeFailure(error, { action: 'list', resource: this.#resource });
    }
  }

  /** The store's revision, or 0 when it does not say. */
  #revision(): Promise<number> {
    const reading = this.#client.kv.get(this.#keys.toStore(''), { isSerializable: true });
    return reading.then(
      ({ header }) => header.revision,
      () => 0,
    );
  }

  #range(
    range: KeyRange,
    options: { revision: number | null; pageSize: number; freshness: Freshness },
  ) {
    const { revision, pageSize, freshness } = options;
    const listing = this.#client.kv.range(this.#keys.toStoreRange(range), {
      limit: pageSize,
      ...(revision === null ? {} : { revision }),
      // Later pages are of the first one's revision, which another member may not have reached: they are linearizable.
      isSerializable: freshness.at === 'any' && revision === null,
    });
    return this.#timer.measure('list', listing);
  }

  #take(scan: Scan, query: ListQuery, response: { kvs: readonly KeyValue[]; count: number }): void {
    const looseName = this.#keys.looseNameOf(query);
    scan.left = response.count;
    for (const kv of response.kvs) {
      if (isFull(scan, query.limit)) return;
      const key = this.#keys.fromStore(kv.key);
      scan.left--;
      scan.lastKey = key;
      if (looseName !== null && !hasName(key, looseName)) continue;
      const item = this.#codec.decode(kv);
      if (query.filter === null || query.filter(item.object)) scan.items.push(item);
    }
  }

  async #failure(
    error: unknown,
    action: 'get' | 'list',
    of: { readonly freshness: Freshness; readonly isPaging: boolean },
  ): Promise<unknown> {
    const { freshness, isPaging } = of;
    if (error instanceof ClientError) {
      if (error.code === 'compacted') return isPaging ? continueExpired() : listExpired();
      if (error.code === 'future-revision' && freshness.at === 'exact') {
        return revisionTooLarge(freshness.revision, await this.#revision(), retrySeconds);
      }
    }
    return storeFailure(error, { action, resource: this.#resource });
  }
}

function checkReached(freshness: Freshness, revision: number): void {
  if (freshness.at !== 'not-older' || revision >= freshness.revision) return;
  throw revisionTooLarge(freshness.revision, revision, retrySeconds);
}

function isFull(scan: Scan, limit: number): boolean {
  return limit > 0 && scan.items.length >= limit;
}

function pageOf(scan: Scan, query: ListQuery, revision: number): ListPage {
  const { items, left, lastKey } = scan;
  if (left === null || left === 0) return { items, revision, nextKey: null, remainingCount: null };
  const isCounted = query.filter === null && query.name === undefined;
  return { items, revision, nextKey: textOfKey(lastKey), remainingCount: isCounted ? left : null };
}

function nextPageSize(kvs: readonly KeyValue[]): number {
  let bytes = 1;
  for (const { value } of kvs) bytes += value.length;
  return Math.max(1, Math.min(pageSizeMax, Math.floor((pageBytes * kvs.length) / bytes)));
}
