/** The objects of each resource in the store: read, written, listed and watched, from the store or from memory. */
export type { WatcherLimits } from './cache-watcher.js';
export { CachedStorage } from './cached-storage.js';
export type * from './contracts.js';
export type { WindowLimits } from './event-window.js';
export type { IndexFunction, IndexFunctions } from './object-index.js';
export {
  type OpenStorage,
  openCachedStorage,
  openStorage,
  type StorageOptions,
} from './open-storage.js';
export { StoreConnection, type StoreConnectionOptions } from './store-connection.js';
export type { ObserveStore, StoreOperation } from './store-timer.js';
export { withResourceVersion } from './stored-item.js';
export { identityTransformer, type ValueTransformer } from './value-transformer.js';
