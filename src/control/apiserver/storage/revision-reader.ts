import type { Clock } from '../../../base/clock.js';
import type { Client } from '../../../client/index.js';
import { type Deferred, defer } from './deferred.js';

/** Any key does: what is wanted is the answer's header. */
const probeKey = '/registry/';

/**
 * Asks the store for its present revision: one tiny linearizable read for all who ask in a turn. Those who ask while one is
 * under way wait for the next, as theirs must begin after they asked.
 */
export class RevisionReader {
  readonly #client: Client;
  readonly #clock: Clock;
  /** Those who the next read is for. */
  #waiting: Deferred<number> | null = null;
  #isRunning = false;

  constructor({ client, clock }: { readonly client: Client; readonly clock: Clock }) {
    this.#client = client;
    this.#clock = clock;
  }

  /** A revision that the store had reached when this was called, or later. Rejects with ClientError. */
  current(): Promise<number> {
    this.#waiting ??= defer<number>();
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#clock.defer(() => void this.#run());
    }
    return this.#waiting.promise;
  }

  async #run(): Promise<void> {
    while (this.#waiting !== null) {
      const { resolve, reject } = this.#waiting;
      this.#waiting = null;
      await this.#client.kv
        .get(probeKey, { keysOnly: true })
        .then(({ header }) => resolve(header.revision), reject);
    }
    this.#isRunning = false;
  }
}
