import type { Clock } from '../../../base/clock.js';
import type { Client } from '../../../client/index.js';
import { SharedCall } from './shared-call.js';

/** Any key does: what is wanted is the answer's header. */
const probeKey = '/registry/';

/** Asks the store for its present revision: one tiny linearizable read for all who ask in a turn. */
export class RevisionReader {
  readonly #read: SharedCall<number>;

  constructor({ client, clock }: { readonly client: Client; readonly clock: Clock }) {
    this.#read = new SharedCall(clock, async () => {
      const { header } = await client.kv.get(probeKey, { keysOnly: true });
      return header.revision;
    });
  }

  /** A revision that the store had reached when this was called, or later. Rejects with ClientError. */
  current(): Promise<number> {
    return this.#read.next();
  }
}
