/**
 * What happens to an object's bytes on their way to and from the store: encryption at rest. `storeKey` is the whole key, which a
 * cipher authenticates, so that a value cannot be moved to another key.
 */
export interface ValueTransformer {
  /**
   * Gets what `fromStored` needs for a value and has to ask others for; null when nothing is missing, as nearly always. Default: nothing
   * ever is. Rejects when it cannot be had.
   */
  prepare?(bytes: Uint8Array): Promise<void> | null;
  toStored(bytes: Uint8Array, storeKey: Uint8Array): Uint8Array;
  /** `isStale`: readable, but to be written anew at the next chance (it was encrypted with an old key). Throws when unreadable. */
  fromStored(
    bytes: Uint8Array,
    storeKey: Uint8Array,
  ): { readonly bytes: Uint8Array; readonly isStale: boolean };
}

/** Stores bytes as they are. */
export const identityTransformer: ValueTransformer = {
  toStored: (bytes) => bytes,
  fromStored: (bytes) => ({ bytes, isStale: false }),
};
