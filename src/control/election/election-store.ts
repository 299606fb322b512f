/** How long a request to the store may take, and what ends it early. */
export interface ElectionCall {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Who holds the key of an election. */
export interface ElectionHolder {
  /** What the holder wrote: its identity. */
  readonly value: string;
  readonly createRevision: number;
}

/** What an election asks of the store. Everything rejects with {@link ElectionStoreError}, or the signal's reason. */
export interface ElectionStore {
  /** Who holds a key, and the store's revision at which that is so. */
  read(
    key: string,
    call: ElectionCall,
  ): Promise<{ readonly holder: ElectionHolder | null; readonly revision: number }>;
  /** A lease of at least `ttlSeconds`. */
  grant(ttlSeconds: number, call: ElectionCall): Promise<bigint>;
  /**
   * Creates the key, tied to the lease, unless it is there: its creation revision, or null when somebody else's is there. Asking again
   * after an attempt of unknown outcome finds the key that the first has made.
   */
  claim(
    claim: { readonly key: string; readonly value: string; readonly lease: bigint },
    call: ElectionCall,
  ): Promise<number | null>;
  /** Whether the lease is there; it lives for its whole time from some moment after the call on. */
  renew(lease: bigint, call: ElectionCall): Promise<boolean>;
  /** Ends a lease, and with it what is tied to it. One that is gone is no error. */
  revoke(lease: bigint, call: ElectionCall): Promise<void>;
  /** Resolves once the key is deleted after `revision`; early when that cannot be known. No timeout. */
  untilReleased(key: string, revision: number, signal: AbortSignal): Promise<void>;
}

/** The store could not be asked, or refused. What was asked may have been done. */
export class ElectionStoreError extends Error {
  override readonly name = 'ElectionStoreError';
}
