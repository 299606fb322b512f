import type { GroupResource, KubeObject } from '../../machinery/object.js';
import { CacheCounts } from './cache-counts.js';
import { CacheFeed } from './cache-feed.js';
import { type WatcherLimits, watcherLimitsDefault } from './cache-watcher.js';
import { CachedStorage } from './cached-storage.js';
import type { ObjectStorage } from './contracts.js';
import { CurrencyCheck } from './currency-check.js';
import { DirectStorage } from './direct-storage.js';
import { type WindowLimits, windowLimitsDefault } from './event-window.js';
import { ObjectCodec } from './object-codec.js';
import type { IndexFunctions } from './object-index.js';
import { ResourceKeys } from './resource-keys.js';
import type { StoreConnection } from './store-connection.js';
import { StoreReader } from './store-reader.js';
import { StoreTimer } from './store-timer.js';
import { StoreWriter } from './store-writer.js';
import { identityTransformer, type ValueTransformer } from './value-transformer.js';
import { WatchCache } from './watch-cache.js';

/** The storage of one resource. */
export interface StorageOptions {
  readonly store: StoreConnection;
  /** Where its objects lie, ASCII, without a slash at the end: `/registry/pods`. */
  readonly prefix: string;
  /** Named in errors. */
  readonly groupResource: GroupResource;
  readonly isNamespaced: boolean;
  /** Makes an object of its own of stored JSON (in the stored version); throws when it is none. Default: JSON.parse. */
  readonly decode?: (bytes: Uint8Array) => KubeObject;
  /** Fills in what `decode` fills in, in an object that is to be stored, in place. Default: nothing. */
  readonly settle?: (object: KubeObject) => void;
  /** Default: bytes are stored as they are. */
  readonly transformer?: ValueTransformer;
  /** Reads and watches from memory, or from the store. */
  readonly cached: boolean;
  /** For the cache; queries name them in `index`. Default: none. */
  readonly indexes?: IndexFunctions;
  readonly windowLimits?: WindowLimits;
  readonly watcherLimits?: WatcherLimits;
}

/** A storage with an end. */
export interface OpenStorage extends ObjectStorage {
  /** Resolves once reads are served; rejects with 429 when that takes too long. */
  filled(): Promise<void>;
  /** Ends its watches, as if their time were up. */
  close(): Promise<void>;
}

/**
 * Opens the storage of a resource. With `cached` it begins at once to fill its memory; requests that come earlier wait.
 *
 * ```ts
 * const store = new StoreConnection({ client, clock: hostClock, prng: entropyPrng(), compactionIntervalMs: 300_000 });
 * const pods = openStorage({ store, prefix: '/registry/pods', groupResource: { group: '', resource: 'pods' },
 *   isNamespaced: true, cached: true });
 * ```
 */
export function openStorage(options: StorageOptions): OpenStorage {
  return options.cached ? openCachedStorage(options) : openDirectStorage(options);
}

/** {@link openStorage} with `cached`. */
export function openCachedStorage(options: Omit<StorageOptions, 'cached'>): CachedStorage {
  const { store } = options;
  const { client, clock, prng, logger, features, progress, revisions } = store;
  const parts = partsOf(options);
  const { keys, codec } = parts;
  const counts = new CacheCounts();
  const cache = new WatchCache({
    clock,
    counts,
    prng: prng.fork(),
    keys,
    indexes: options.indexes ?? {},
    windowLimits: options.windowLimits ?? windowLimitsDefault,
    watcherLimits: options.watcherLimits ?? watcherLimitsDefault,
    onBookmarks: () => {
      void features.hasExactProgress().then((isExact) => {
        if (isExact) progress.askOnce();
      });
    },
  });
  const named = logger.child({ prefix: options.prefix });
  const feedPrng = prng.fork();
  const feed = new CacheFeed({
    ...{ client, clock, keys, codec, features, cache, counts },
    ...{ prng: feedPrng, logger: named },
  });
  feed.start();
  const writer = writerOf(options, parts, (key) => cache.get(key));
  const resource = options.groupResource;
  const { reader } = parts;
  return new CachedStorage({
    ...{
      clock,
      keys,
      resource,
      reader,
      writer,
      cache,
      feed,
      revisions,
      progress,
      features,
      counts,
    },
    currency: new CurrencyCheck({ client, clock, keys, cache }),
  });
}

/** {@link openStorage} without `cached`. */
function openDirectStorage(options: StorageOptions): OpenStorage {
  const { client, clock, features } = options.store;
  const parts = partsOf(options);
  const writer = writerOf(options, parts, () => undefined);
  const resource = options.groupResource;
  return new DirectStorage({ ...parts, client, clock, features, resource, writer });
}

function partsOf({ store, prefix, isNamespaced, ...options }: Omit<StorageOptions, 'cached'>) {
  const { client, clock, budget } = store;
  const resource = options.groupResource;
  const timer = new StoreTimer(clock, resource, store.observe);
  const keys = new ResourceKeys({ prefix, isNamespaced });
  const decode = options.decode ?? decodeJson;
  const transformer = options.transformer ?? identityTransformer;
  const settle = options.settle ?? (() => {});
  const codec = new ObjectCodec({ keys, decode, settle, transformer, budget });
  const reader = new StoreReader({ client, keys, codec, timer, resource });
  return { keys, codec, reader, timer };
}

function writerOf(
  { store, groupResource }: Omit<StorageOptions, 'cached'>,
  parts: ReturnType<typeof partsOf>,
  suggest: ConstructorParameters<typeof StoreWriter>[0]['suggest'],
): StoreWriter {
  const { client, clock, leases } = store;
  return new StoreWriter({ ...parts, client, clock, leases, suggest, resource: groupResource });
}

const textDecoder = new TextDecoder('utf-8', { fatal: true });

function decodeJson(bytes: Uint8Array): KubeObject {
  const value: unknown = JSON.parse(textDecoder.decode(bytes));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('the stored JSON is no object');
  }
  const object = value as KubeObject;
  if (typeof object.metadata !== 'object' || object.metadata === null) {
    throw new Error('the stored object has no metadata');
  }
  return object;
}
