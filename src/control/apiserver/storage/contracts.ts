import type { Fence } from '../../machinery/fence.js';
import type { KubeObject } from '../../machinery/object.js';

/** An object as it is stored: what was decoded, shared by all readers and never changed by them, and its bytes. */
export interface StoredObject<T extends KubeObject = KubeObject> {
  /** With `metadata.resourceVersion` set. Shared: copy before changing. */
  readonly object: T;
  /** The store's revision of the last change. */
  readonly revision: number;
  /** JSON of `object`, resourceVersion included; made once, on demand, for all who send it. */
  json(): Uint8Array;
  /** The same without managed fields, in parts that follow one another. */
  bareJson(): readonly Uint8Array[];
  /** The same, bare or not, as a part of much: the bytes that are kept for all, or a text for this once. */
  jsonAmongMany(options: { readonly isBare: boolean }): string | readonly Uint8Array[];
}

/** How fresh a read must be. */
export type Freshness =
  /** What is committed now (resourceVersion ''). */
  | { readonly at: 'latest' }
  /** Whatever is at hand (resourceVersion '0'). */
  | { readonly at: 'any' }
  /** Not older than this revision (resourceVersion N, or match NotOlderThan). */
  | { readonly at: 'not-older'; readonly revision: number }
  /** Exactly this revision (match Exact, and every page after the first). */
  | { readonly at: 'exact'; readonly revision: number };

/** Keeps only what a list or a watch asks for. Pure. */
export type ObjectFilter = (object: KubeObject) => boolean;

/** Names an index of the storage (`StorageOptions.indexes`) and the value that an object must be filed under to pass the filter. */
export interface IndexHint {
  readonly index: string;
  readonly value: string;
}

/** What a list asks for. */
export interface ListQuery {
  /** '' lists all namespaces. */
  readonly namespace: string;
  /** Set: only this name (field selector `metadata.name=`). */
  readonly name?: string;
  readonly freshness: Freshness;
  readonly filter: ObjectFilter | null;
  /** Only objects filed so can pass the filter, which is asked all the same. */
  readonly index?: IndexHint;
  /** Objects at most; 0 is all. */
  readonly limit: number;
  /** Where this page starts: the last page's `nextKey`; '' for the first. Any text is safe: it cannot leave the query's range. */
  readonly afterKey: string;
}

/** A page of a list, in key order (namespace, then name). */
export interface ListPage {
  readonly items: readonly StoredObject[];
  /** The revision that all pages are of. */
  readonly revision: number;
  /** Where the next page starts; null when this is the last. */
  readonly nextKey: string | null;
  /** How many are left after this page, when that is known (never with a filter). */
  readonly remainingCount: number | null;
}

/** A change as a watcher with a filter sees it. */
export type StorageEvent =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly item: StoredObject }
  /** Everything up to `revision` has been sent. `endsInitialEvents` marks the bookmark after a `sendInitialEvents` list. */
  | { readonly type: 'bookmark'; readonly revision: number; readonly endsInitialEvents: boolean };

/** What a watch asks for. */
export interface WatchQuery {
  readonly namespace: string;
  readonly name?: string;
  readonly filter: ObjectFilter | null;
  /** Filters of one resource with the same text keep the same objects: their watchers share the work. */
  readonly filterKey?: string;
  /** Only objects filed so can pass the filter, which is asked all the same. */
  readonly index?: IndexHint;
  /**
   * The revision after which events are wanted; null: begin with what is there now (as `added` events), then go on. 0: the same from
   * whatever is at hand.
   */
  readonly afterRevision: number | null;
  /** Begins with all objects, then a bookmark with `endsInitialEvents`, whatever `afterRevision` says (not older than it). */
  readonly sendInitialEvents: boolean;
  readonly bookmarks: boolean;
}

/** How long a watch runs. */
export interface WatchOptions {
  readonly signal: AbortSignal;
  /** When `signal` will abort, in milliseconds from now, as far as that is known: there is a bookmark shortly before. */
  readonly timeoutMs?: number;
}

/** Conditions of a write. */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** What every write may be tied to. */
interface Fenced {
  /** The write takes effect only while this leadership lasts: 409 with the cause `LeadershipLost` after it. */
  readonly fence?: Fence | undefined;
}

/** How an object is made. */
export interface StorageCreateOptions extends Fenced {
  /** The object goes by itself after so long; null: it stays. */
  readonly ttlSeconds: number | null;
}

/** How an object is changed. */
export interface StorageUpdateOptions extends Fenced {
  readonly preconditions: Preconditions;
  readonly mayCreate: boolean;
}

/** How an object is removed. */
export interface StorageDeleteOptions extends Fenced {
  readonly preconditions: Preconditions;
  /** May refuse by throwing. */
  readonly check: (current: KubeObject) => Promise<void>;
}

/**
 * The objects of one resource. Implemented by `DirectStorage` (requests to the store) and `CachedStorage` (reads and watches from
 * memory); one contract suite for both. Rejects with StatusError as Kubernetes words it: 404, 409, 410 Expired, 504 and so on; the
 * names in those texts come from the resource that the storage was made for.
 */
export interface ObjectStorage {
  get(namespace: string, name: string, freshness: Freshness): Promise<StoredObject>;
  list(query: ListQuery): Promise<ListPage>;
  /**
   * Yields batches until `signal` aborts; batches and events are shared by the watchers of one filter. Ends by itself when its
   * reader is too slow: who still cares watches again from the last revision that it saw. Rejects with 410 Expired when what
   * comes after `afterRevision` is not kept any more.
   */
  watch(query: WatchQuery, options: WatchOptions): AsyncIterable<readonly StorageEvent[]>;
  /** 409 AlreadyExists when it is there. With a ttl the object goes by itself. */
  create(object: KubeObject, options: StorageCreateOptions): Promise<StoredObject>;
  /**
   * Reads, changes, and writes if nobody else did meanwhile; else again with the fresh state. `change` gets what is there, which is
   * shared and stays as it is (undefined: not there, only when `mayCreate`), and returns what to write, which may share parts with it:
   * the same content is not written again. What it throws ends the update.
   */
  update(
    namespace: string,
    name: string,
    change: (
      current: KubeObject | undefined,
    ) => Promise<{ object: KubeObject; ttlSeconds: number | null }>,
    options: StorageUpdateOptions,
  ): Promise<StoredObject>;
  /** Removes; `check` may refuse by throwing, and is asked again when the object changed meanwhile. Answers the last state. */
  delete(namespace: string, name: string, options: StorageDeleteOptions): Promise<StoredObject>;
  /** How many objects there are. */
  count(): Promise<number>;
  /** All objects of a namespace ('' all) as they are at hand, in key order; null when that cannot be told at once. Absent: never. */
  atHand?(namespace: string): readonly StoredObject[] | null;
  /** An object as it is at hand; undefined when it is not, which says nothing of the store. */
  oneAtHand?(namespace: string, name: string): StoredObject | undefined;
}
