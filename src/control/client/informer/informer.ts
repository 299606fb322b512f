import { assert } from '../../../base/assert.js';
import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import { apiVersionOf, type KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { Backoff } from '../backoff.js';
import type { ResourceClient, Selection } from '../resource-client.js';
import { UnreachableError, type WatchEvent } from '../transport.js';
import { type ChangeHandler, HandlerSet } from './handler-set.js';
import { type IndexFunction, type Lister, ObjectCache } from './object-cache.js';
import { ObjectMirror } from './object-mirror.js';

/** What an informer is made with. */
export interface InformerOptions<T extends KubeObject> {
  readonly objects: ResourceClient<T>;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly selection?: Omit<Selection, 'signal'>;
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  /** What is kept of an object as it comes, which it may change; its metadata's name, namespace, uid and version stay. Default: all. */
  readonly keep?: (object: T) => T;
  /** Handlers are told of all objects again so often. Default: never. */
  readonly resyncMs?: number;
  /**
   * How it begins. `list` (the default) works with every server; with `watch-list` everything comes as events of the watch itself,
   * which costs servers less; one that refuses is asked for a list.
   */
  readonly begins?: 'list' | 'watch-list';
  /**
   * True: the first list has everything that was written before it was asked for, as who follows another leader needs. Default: it is
   * what the server has at hand, which may be seconds old.
   */
  readonly beginsLatest?: boolean;
}

const initialEventsEnd = 'k8s.io/initial-events-end';
/** Watches last 5 to 10 minutes, as client-go's: a server that was added gets its part of them. */
const watchSecondsMin = 300;
/** A watch that the server should have ended so long ago is dead. */
const overtimeMs = 30_000;
const backoffMs = { minMs: 800, maxMs: 30_000 };

/**
 * Mirrors the objects of a resource in memory, and tells any number of handlers of every change, once and in order: lists, then
 * watches on from there. A watch that ends is resumed from the last revision seen; when that is too old, everything is listed again,
 * and the difference is told. Memory: the objects, and the events of one watch under way.
 */
export class Informer<T extends KubeObject> {
  readonly #options: InformerOptions<T>;
  readonly #cache: ObjectCache<T>;
  readonly #handlers = new HandlerSet<T>();
  readonly #mirror: ObjectMirror<T>;
  readonly #backoff: Backoff;
  readonly #waiting = new Set<() => void>();
  /** Everything up to it has been told; '' when nothing but the latest will do, '0' when nothing was listed yet and anything will. */
  #revision: string;
  /** A watch can go on from `#revision`. */
  #isListed = false;
  #hasSynced = false;
  #isRunning = false;
  /** The server knows no watch that begins with everything. */
  #mustList: boolean;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#mustList = options.begins !== 'watch-list';
    this.#revision = options.beginsLatest === true ? '' : '0';
    this.#cache = new ObjectCache(options.indexes);
    this.#mirror = new ObjectMirror(this.#cache, this.#handlers, options.clock);
    this.#backoff = new Backoff(options.prng, backoffMs);
  }

  /** What is there, as far as it is known. */
  get lister(): Lister<T> {
    return this.#cache;
  }

  /** Adds indexes, of what is there too; one whose name is taken is left out. */
  addIndexes(indexes: Readonly<Record<string, IndexFunction<T>>>): void {
    this.#cache.addIndexes(indexes);
  }

  /** The first list has been told in full. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Adds a handler, which is told first of what is there already. Returns how to remove it. */
  addHandler(handler: ChangeHandler<T>): () => void {
    for (const object of this.#cache.all()) handler.onAdd?.(object);
    return this.#handlers.add(handler);
  }

  /** Resolves when it {@link hasSynced}. Rejects with the signal's reason. */
  untilSynced(signal: AbortSignal): Promise<void> {
    if (this.#hasSynced) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(onSynced);
        reject(signal.reason);
      };
      const onSynced = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(onSynced);
    });
  }

  /** Runs until the signal aborts. Once. */
  async run(signal: AbortSignal): Promise<void> {
    assert(!this.#isRunning, 'an informer runs once');
    this.#isRunning = true;
    const stopResync = this.#scheduleResync();
    try {
      while (!signal.aborted) await this.#round(signal);
    } finally {
      stopResync();
    }
  }

  /** A list if there must be one, and a watch; a pause when nothing came of it. */
  async #round(signal: AbortSignal): Promise<void> {
    const { clock, logger, objects } = this.#options;
    try {
      const isWatchList = !this.#isListed && !this.#mustList;
      if (!this.#isListed && !isWatchList) await this.#list(signal);
      if (signal.aborted) return;
      const seen = await this.#watch(isWatchList, signal);
      if (seen > 0) {
        this.#backoff.reset();
        return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) throw error;
      if (this.#onFailure(error)) return;
      logger.warn('cannot follow objects; trying again', {
        resource: `${apiVersionOf(objects.resource)} ${objects.resource.resource}`,
        error: error.message,
      });
    }
    await sleep(clock, this.#backoff.next(), signal).catch(() => {}); // Told to stop.
  }

  /** True: go on at once. */
  #onFailure(error: Error): boolean {
    if (!(error instanceof StatusError)) return false;
    if (error.code === 410) {
      // The revision is gone; only what the store has now is certain to be there.
      this.#isListed = false;
      const isFirst = this.#revision !== '';
      this.#revision = '';
      return isFirst;
    }
    const isRefusal = error.code === 400 || error.code === 422;
    if (isRefusal && !this.#isListed && !this.#mustList) {
      this.#mustList = true;
      return true;
    }
    return false;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { objects, selection = {} } = this.#options;
    // Not older than what was told already: nobody sees time run backwards.
    const list = await objects.list({ ...selection, resourceVersion: this.#revision, signal });
    await this.#mirror.replace(list.items.map((object) => this.#keep(object)));
    this.#onListed(list.resourceVersion);
  }

  #keep(object: T): T {
    return this.#options.keep?.(object) ?? object;
  }

  #onListed(revision: string): void {
    this.#revision = revision;
    this.#isListed = true;
    this.#hasSynced = true;
    for (const onSynced of this.#waiting) onSynced();
    this.#waiting.clear();
  }

  /** How many events came until the watch ended. */
  async #watch(isWatchList: boolean, signal: AbortSignal): Promise<number> {
    const { objects, clock, prng, selection = {} } = this.#options;
    const timeoutSeconds = prng.int(watchSecondsMin, 2 * watchSecondsMin);
    const ending = new AbortController();
    const end = () => ending.abort();
    const timer = clock.setTimer(timeoutSeconds * 1000 + overtimeMs, end);
    signal.addEventListener('abort', end, { once: true });
    let seen = 0;
    try {
      const events = objects.watch({
        ...selection,
        resourceVersion: isWatchList && this.#revision === '0' ? '' : this.#revision,
        allowBookmarks: true,
        ...(isWatchList ? { sendInitialEvents: true } : {}),
        ...{ timeoutSeconds, signal: ending.signal },
      });
      let initial: T[] | null = isWatchList ? [] : null;
      for await (const event of events) {
        seen++;
        if (initial === null) this.#onEvent(event);
        else initial = await this.#onInitialEvent(initial, event);
        if (signal.aborted) break;
      }
    } finally {
      clock.clearTimer(timer);
      signal.removeEventListener('abort', end);
    }
    return seen;
  }

  #onEvent({ type, object }: WatchEvent<T>): void {
    const { resourceVersion } = object.metadata;
    this.#mirror.onEvent({ type, object: type === 'BOOKMARK' ? object : this.#keep(object) });
    this.#revision = resourceVersion ?? this.#revision;
  }

  /** Collects what a watch begins with; null when that is complete and has been told. */
  async #onInitialEvent(initial: T[], { type, object }: WatchEvent<T>): Promise<T[] | null> {
    if (type !== 'BOOKMARK') {
      initial.push(this.#keep(object));
      return initial;
    }
    if (object.metadata.annotations?.[initialEventsEnd] !== 'true') return initial;
    await this.#mirror.replace(initial);
    this.#onListed(object.metadata.resourceVersion ?? '');
    return null;
  }

  #scheduleResync(): () => void {
    const { clock, resyncMs } = this.#options;
    if (resyncMs === undefined) return () => {};
    const onTimer = () => {
      this.#mirror.resync();
      timer = clock.setTimer(resyncMs, onTimer);
    };
    let timer = clock.setTimer(resyncMs, onTimer);
    return () => clock.clearTimer(timer);
  }
}
