import type { CacheWatcher } from './cache-watcher.js';
import type { Change } from './change.js';
import type { IndexHint, ObjectFilter, StorageEvent } from './contracts.js';
import type { ObjectIndex } from './object-index.js';
import { hasName } from './resource-keys.js';

/** Which changes a watcher wants. Keys and names are latin1, as the storage's keys. */
export interface WatchScope {
  /** '' for all. */
  readonly namespace: string;
  /** Set: only this key. */
  readonly key: string | null;
  /** Set: only keys with this name, in any namespace. */
  readonly looseName: string | null;
  readonly filter: ObjectFilter | null;
  readonly filterKey: string | null;
  readonly index: IndexHint | null;
}

/** Watchers that want the same: for all of them an event is found once, and a batch made once. */
interface WatcherGroup {
  readonly id: string;
  readonly bucket: string;
  readonly scope: WatchScope;
  readonly watchers: Set<CacheWatcher>;
  /** Events of the changes now being dispatched. */
  batch: StorageEvent[];
  /** The last change looked at: it may come through several buckets. */
  seen: Change | null;
}

/**
 * Who is to be told of a change. Groups lie in buckets by the narrowest thing that they want: one key, an index value, a namespace,
 * or anything; a change is looked up in the buckets that it concerns, so that thousands of watchers of single objects or of the
 * pods of single nodes cost a change nothing.
 */
export class WatcherGroups {
  readonly #namespaceOf: (key: string) => string;
  readonly #buckets = new Map<string, Map<string, WatcherGroup>>();
  readonly #groupOf = new Map<CacheWatcher, WatcherGroup>();
  /** Numbers of filters without a text of their own. */
  readonly #filterIds = new WeakMap<ObjectFilter, number>();
  #lastFilterId = 0;

  constructor(namespaceOf: (key: string) => string) {
    this.#namespaceOf = namespaceOf;
  }

  /** How many watchers there are. */
  get size(): number {
    return this.#groupOf.size;
  }

  get watchers(): Iterable<CacheWatcher> {
    return this.#groupOf.keys();
  }

  add(watcher: CacheWatcher, scope: WatchScope): void {
    const bucket = bucketOf(scope);
    const id = this.#idOf(scope);
    let groups = this.#buckets.get(bucket);
    if (groups === undefined) {
      groups = new Map();
      this.#buckets.set(bucket, groups);
    }
    let group = groups.get(id);
    if (group === undefined) {
      group = { id, bucket, scope, watchers: new Set(), batch: [], seen: null };
      groups.set(id, group);
    }
    group.watchers.add(watcher);
    this.#groupOf.set(watcher, group);
  }

  remove(watcher: CacheWatcher): void {
    const group = this.#groupOf.get(watcher);
    if (group === undefined) return;
    this.#groupOf.delete(watcher);
    group.watchers.delete(watcher);
    if (group.watchers.size > 0) return;
    const groups = this.#buckets.get(group.bucket);
    groups?.delete(group.id);
    if (groups?.size === 0) this.#buckets.delete(group.bucket);
  }

  /** Tells the watchers of these changes, one batch for each group. Answers how many watchers were told something. */
  dispatch(changes: readonly Change[], index: ObjectIndex, nowMs: number): number {
    if (this.#groupOf.size === 0) return 0;
    const touched: WatcherGroup[] = [];
    for (const change of changes) this.#collect(change, index, touched);
    let told = 0;
    for (const group of touched) {
      const { batch } = group;
      group.batch = [];
      for (const watcher of group.watchers) watcher.push(batch, nowMs);
      told += group.watchers.size;
    }
    return told;
  }

  #collect(change: Change, index: ObjectIndex, touched: WatcherGroup[]): void {
    const offer = (bucket: string) => {
      const groups = this.#buckets.get(bucket);
      if (groups === undefined) return;
      for (const group of groups.values()) {
        if (group.seen === change) continue;
        group.seen = change;
        const event = this.#eventFor(change, group.scope);
        if (event === null) continue;
        if (group.batch.length === 0) touched.push(group);
        group.batch.push(event);
      }
    };
    offer(anything);
    offer(keyBucket(change.key));
    offer(namespaceBucket(this.#namespaceOf(change.key)));
    for (const [name, value] of index.filedUnder(change)) offer(indexBucket(name, value));
  }

  #eventFor(change: Change, scope: WatchScope): StorageEvent | null {
    return isInScope(change, scope, this.#namespaceOf) ? change.eventFor(scope.filter) : null;
  }

  #idOf({ namespace, looseName, filter, filterKey }: WatchScope): string {
    const own = filter === null ? 'none' : `#${this.#numberOf(filter)}`;
    return JSON.stringify([namespace, looseName, filterKey === null ? own : [filterKey]]);
  }

  #numberOf(filter: ObjectFilter): number {
    let id = this.#filterIds.get(filter);
    if (id === undefined) {
      id = ++this.#lastFilterId;
      this.#filterIds.set(filter, id);
    }
    return id;
  }
}

/** Whether a change is in what the scope names; the filter is another matter. */
export function isInScope(
  { key }: Change,
  { namespace, key: only, looseName }: WatchScope,
  namespaceOf: (key: string) => string,
): boolean {
  if (only !== null) return key === only;
  if (namespace !== '' && namespaceOf(key) !== namespace) return false;
  return looseName === null || hasName(key, looseName);
}

const anything = '*';
const keyBucket = (key: string) => `key ${key}`;
const namespaceBucket = (namespace: string) => `namespace ${namespace}`;
const indexBucket = (index: string, value: string) => `index ${index} ${value}`;

function bucketOf({ key, index, namespace }: WatchScope): string {
  if (key !== null) return keyBucket(key);
  if (index !== null) return indexBucket(index.index, index.value);
  return namespace === '' ? anything : namespaceBucket(namespace);
}
