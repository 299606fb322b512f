import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import { type Client, ClientError, compare, put, range } from '../../../client/index.js';

/** Kubernetes' key: its API servers and ours agree through it on who compacts. */
const agreementKey = 'compact_rev_key';

/**
 * Compacts the store every so often to what was its revision one interval before, so that history is readable for one to two
 * intervals. Any number of replicas do this: the version of one key counts the compactions, and who raises it makes the next.
 */
export class Compactor {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #intervalMs: number;
  readonly #closed = new AbortController();
  #running: Promise<void> | null = null;
  /** Compactions that have been made as far as this replica knows: the key's version. */
  #count = 0;
  /** The store's revision when this replica last looked; 0 before. */
  #revision = 0;

  constructor(options: {
    readonly client: Client;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly intervalMs: number;
  }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#intervalMs = options.intervalMs;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
  }

  /** One round: compacts to the revision of the last round, unless another replica has done it since. */
  async round(): Promise<void> {
    const revision = this.#revision;
    const result = await this.#client.kv
      .txn()
      .if(compare(agreementKey).version('=', this.#count))
      .then(put(agreementKey, String(revision)))
      .else(range(agreementKey))
      .commit();
    this.#revision = result.header.revision;
    if (!result.succeeded) {
      this.#count = result.results[0].kvs[0]?.version ?? 0;
      return;
    }
    this.#count++;
    if (revision === 0) return;
    await this.#client.kv.compact(revision).catch((error: unknown) => {
      if (!(error instanceof ClientError) || error.code !== 'compacted') throw error;
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await sleep(this.#clock, this.#intervalMs, signal).catch(() => {});
      if (signal.aborted) return;
      await this.round().catch((error: unknown) => {
        if (!(error instanceof ClientError)) throw error;
        // The next round starts from what the store says then: nothing is lost but an interval.
        this.#logger.warn('the store was not compacted', { error: error.message });
      });
    }
  }
}
