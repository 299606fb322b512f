import { assert } from '../../../base/assert.js';
import type { Clock } from '../../../base/clock.js';
import type { Prng } from '../../../base/prng.js';
import { Bookmarks } from './bookmarks.js';
import type { CacheCounts } from './cache-counts.js';
import { type PageSource, pageSource } from './cache-page.js';
import { CacheWatcher, type WatcherLimits } from './cache-watcher.js';
import { Change } from './change.js';
import type { ListQuery, StorageEvent, WatchQuery } from './contracts.js';
import { DispatchPace } from './dispatch-pace.js';
import { EventWindow, type WindowLimits } from './event-window.js';
import { type IndexFunctions, ObjectIndex } from './object-index.js';
import { ReachWaiters } from './reach-waiters.js';
import { isEmptyRange, keyOfText, type ResourceKeys, rangeAfter } from './resource-keys.js';
import { watchExpired } from './store-failure.js';
import type { StoredItem } from './stored-item.js';
import { isInScope, WatcherGroups, type WatchScope } from './watcher-groups.js';

/** One key's new state, from the store. */
export interface Update {
  readonly key: string;
  readonly revision: number;
  /** Null: deleted. */
  readonly item: StoredItem | null;
}

/** A watch that a cache serves. */
export interface Attached {
  readonly watcher: CacheWatcher;
  /** What was there when the watch began, to be filtered; empty unless it begins with the state. In key order. */
  readonly state: readonly StoredItem[];
  /** Events that come before anything from the watcher. */
  readonly missed: readonly StorageEvent[];
  readonly revision: number;
}

/**
 * The objects of a resource as of one revision, what changed lately, and who watches. All of it is synchronous: between two
 * calls objects, window and revision are of one moment. Watchers are told at the end of the turn, of all that came in it; of many
 * watchers, see {@link DispatchPace}.
 */
export class WatchCache {
  readonly #clock: Clock;
  readonly #keys: ResourceKeys;
  readonly #functions: IndexFunctions;
  readonly #windowLimits: WindowLimits;
  readonly #watcherLimits: WatcherLimits;
  readonly #waiters: ReachWaiters;
  readonly #groups: WatcherGroups;
  readonly #bookmarks: Bookmarks;
  readonly #counts: CacheCounts;
  #index: ObjectIndex;
  #window: EventWindow;
  /** Every change up to here is in; -1 before the first list. */
  #revision = -1;
  /** Changes that the watchers have not been told of yet. */
  #undispatched: Change[] = [];
  readonly #pace: DispatchPace;
  #isClosed = false;

  constructor(options: {
    readonly clock: Clock;
    readonly prng: Prng;
    readonly keys: ResourceKeys;
    readonly indexes: IndexFunctions;
    readonly windowLimits: WindowLimits;
    readonly watcherLimits: WatcherLimits;
    readonly counts: CacheCounts;
    /** Bookmarks are about to be sent: a good time to learn how far the store is. */
    readonly onBookmarks: () => void;
  }) {
    this.#clock = options.clock;
    this.#keys = options.keys;
    this.#functions = options.indexes;
    this.#windowLimits = options.windowLimits;
    this.#watcherLimits = options.watcherLimits;
    this.#counts = options.counts;
    this.#waiters = new ReachWaiters(options.clock);
    this.#groups = new WatcherGroups((key) => this.#keys.namespaceOf(key));
    this.#pace = new DispatchPace(options.clock, () => this.#dispatchNow());
    this.#bookmarks = new Bookmarks({
      clock: options.clock,
      prng: options.prng,
      send: (due) => {
        this.#sendBookmarks(due);
        options.onBookmarks();
      },
    });
    this.#index = new ObjectIndex(options.indexes);
    this.#window = new EventWindow(0, options.windowLimits);
  }

  get isFilled(): boolean {
    return this.#revision >= 0;
  }

  /** -1 before the cache is filled. */
  get revision(): number {
    return this.#revision;
  }

  /** Closed for watches. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get size(): number {
    return this.#index.size;
  }

  get watcherCount(): number {
    return this.#groups.size;
  }

  get windowSize(): number {
    return this.#window.size;
  }

  get(key: string): StoredItem | undefined {
    return this.#index.get(key);
  }

  /** Waits until the cache is filled and has reached a revision; false when that takes too long. */
  reached(
    revision: number,
    options: { readonly timeoutMs: number | null; readonly signal?: AbortSignal },
  ): Promise<boolean> {
    if (this.isFilled && this.#revision >= revision) return Promise.resolve(true);
    if (this.#isClosed) return Promise.resolve(false);
    return this.#waiters.wait(revision, options);
  }

  /**
   * Takes a whole new state, from a list, in key order. What happened between it and the state before is not known: watchers
   * end with 410 and begin anew.
   */
  reset(items: readonly StoredItem[], revision: number): void {
    this.#dispatchNow();
    const before = this.#revision;
    for (const watcher of [...this.#groups.watchers]) {
      watcher.end(watchExpired(before, revision));
      this.detach(watcher);
    }
    this.#index = new ObjectIndex(this.#functions, items);
    this.#window = new EventWindow(revision, this.#windowLimits);
    this.#revision = revision;
    this.#waiters.onReached(revision);
  }

  /** Takes what changed, in order, up to a revision. */
  apply(updates: readonly Update[], revision: number): void {
    assert(this.isFilled, 'changes come after the list that they change');
    const nowMs = this.#clock.now();
    for (const { key, revision: changed, item } of updates) {
      const before = this.#index.get(key) ?? null;
      // The deletion of what could not be read, or was never seen: nobody knew of it.
      if (before === null && item === null) continue;
      const change = new Change({ key, revision: changed, before, after: item });
      this.#index.apply(change);
      this.#window.push(change, nowMs);
      this.#undispatched.push(change);
      before?.markReplaced();
    }
    this.#revision = Math.max(this.#revision, revision);
    if (this.#undispatched.length > 0) this.#pace.request();
    this.#waiters.onReached(this.#revision);
  }

  /** The candidates of a page as of now, or of a past revision; null when the cache does not know (any more, or yet). */
  source(query: ListQuery, revision: number = this.#revision): PageSource | null {
    assert(this.isFilled);
    if (revision < this.#window.floor || revision > this.#revision) return null;
    const range = rangeAfter(this.#keys.rangeOf(query), query.afterKey);
    if (isEmptyRange(range)) return { items: [], revision, total: null };
    const undo = revision === this.#revision ? [] : this.#window.after(revision);
    return pageSource(this.#index, range, { query, revision, undo });
  }

  /** The objects of a namespace ('' all) as of now, in key order. */
  all(namespace: string): readonly StoredItem[] {
    return this.#index.size === 0 ? [] : this.#index.select(this.#keys.rangeOf({ namespace }), 0);
  }

  /**
   * Begins a watch after a revision that the cache has reached, or (null) with the objects that are there now. Throws 410 when
   * the window does not reach back so far.
   */
  attach(
    query: WatchQuery,
    options: { readonly afterRevision: number | null; readonly timeoutMs: number | null },
  ): Attached {
    const { afterRevision, timeoutMs } = options;
    assert(this.isFilled && !this.#isClosed);
    // Who is new is told below what the others are told here.
    this.#dispatchNow();
    const scope = this.#scopeOf(query);
    const missed = afterRevision === null ? [] : this.#since(afterRevision, scope);
    const range = this.#keys.rangeOf(query);
    const state = afterRevision === null ? this.#index.select(range, 0, query.index) : [];
    const watcher = new CacheWatcher(this.#watcherLimits);
    this.#groups.add(watcher, scope);
    if (query.bookmarks) this.#bookmarks.add(watcher, timeoutMs);
    return { watcher, state, missed, revision: this.#revision };
  }

  detach(watcher: CacheWatcher): void {
    this.#groups.remove(watcher);
    this.#bookmarks.remove(watcher);
  }

  /** Ends every watch, as if its time were up, and every wait. */
  close(): void {
    this.#isClosed = true;
    this.#pace.close();
    this.#dispatchNow();
    for (const watcher of [...this.#groups.watchers]) {
      watcher.end(null);
      this.detach(watcher);
    }
    this.#waiters.close();
  }

  #since(revision: number, scope: WatchScope): StorageEvent[] {
    if (revision < this.#window.floor || revision > this.#revision)
      throw watchExpired(revision, this.#window.floor);
    const events: StorageEvent[] = [];
    for (const change of this.#window.after(revision)) {
      if (!isInScope(change, scope, (key) => this.#keys.namespaceOf(key))) continue;
      const event = change.eventFor(scope.filter);
      if (event !== null) events.push(event);
    }
    return events;
  }

  #scopeOf({ namespace, name, filter, filterKey, index }: WatchQuery): WatchScope {
    const looseName = this.#keys.looseNameOf({
      namespace,
      ...(name === undefined ? {} : { name }),
    });
    const isOne = name !== undefined && looseName === null;
    return {
      namespace: this.#keys.isNamespaced ? keyOfText(namespace) : '',
      key: isOne ? this.#keys.keyOf(namespace, name) : null,
      looseName,
      filter,
      filterKey: filterKey ?? null,
      index: index !== undefined && this.#index.hasIndex(index.index) ? index : null,
    };
  }

  /** Answers how many watchers were told something. */
  #dispatchNow(): number {
    const changes = this.#undispatched;
    if (changes.length === 0) return 0;
    this.#undispatched = [];
    this.#counts.eventsDispatched += changes.length;
    return this.#groups.dispatch(changes, this.#index, this.#clock.now());
  }

  #sendBookmarks(due: readonly CacheWatcher[]): void {
    this.#dispatchNow();
    const batch: readonly StorageEvent[] = [
      { type: 'bookmark', revision: this.#revision, endsInitialEvents: false },
    ];
    const nowMs = this.#clock.now();
    for (const watcher of due) watcher.push(batch, nowMs);
  }
}
