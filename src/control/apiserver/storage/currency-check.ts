import type { Clock } from '../../../base/clock.js';
import type { Client } from '../../../client/index.js';
import { everyKey, type ResourceKeys } from './resource-keys.js';
import { SharedCall } from './shared-call.js';
import type { WatchCache } from './watch-cache.js';

/**
 * Tells whether a cache is up to date where the store does not say how far a watch has come (old versions never do it right, and
 * none answers while another watch of the stream starts at a revision to come). The cache is current when the store has as many
 * keys, none of them changed later: a deletion that is missing would leave fewer, and something new in its place be later.
 * The store looks at all keys of the resource for that, but sends none.
 */
export class CurrencyCheck {
  readonly #check: SharedCall<number | null>;

  constructor(options: {
    readonly client: Client;
    readonly clock: Clock;
    readonly keys: ResourceKeys;
    readonly cache: WatchCache;
  }) {
    const { client, keys, cache } = options;
    this.#check = new SharedCall(options.clock, async () => {
      const { revision, size } = cache;
      const range = keys.toStoreRange(everyKey);
      const later = { minModRevision: revision + 1, keysOnly: true, limit: 1 };
      const { kvs, count } = await client.kv.range(range, later);
      // A cache that has moved meanwhile may be in the middle of what the answer has behind it.
      const isCurrent = kvs.length === 0 && count === size && cache.revision === revision;
      return isCurrent ? revision : null;
    });
  }

  /** The cache's revision, when what it had then is what the store has now; else null. Rejects with ClientError. */
  currentRevision(): Promise<number | null> {
    return this.#check.next();
  }
}
