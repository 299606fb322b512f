import type { Clock } from '../../../base/clock.js';
import { type Logger, silentLogger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import type { Client } from '../../../client/index.js';
import { Compactor } from './compactor.js';
import { JsonBudget } from './json-budget.js';
import { LeasePool } from './lease-pool.js';
import { ProgressAsker } from './progress-asker.js';
import { RevisionReader } from './revision-reader.js';
import { StoreFeatures } from './store-features.js';
import type { ObserveStore } from './store-timer.js';

/** How to make a {@link StoreConnection}. */
export interface StoreConnectionOptions {
  /** Stays the caller's, who closes it after the connection. */
  readonly client: Client;
  readonly clock: Clock;
  readonly prng: Prng;
  /** Default: nobody is told. */
  readonly logger?: Logger;
  /** Between compactions in milliseconds, Kubernetes' `--etcd-compaction-interval`; 0 or absent: somebody else compacts. */
  readonly compactionIntervalMs?: number;
  /** Is told how long requests for objects take; by default nobody is. */
  readonly observe?: ObserveStore;
  /** Bytes of encoded objects that are kept to be sent again, for all storages together. Default 64 MiB. */
  readonly jsonBytesMax?: number;
}

/** What the storages of one API server share: the client, leases, and the small requests that all of them make. */
export class StoreConnection {
  readonly client: Client;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly leases: LeasePool;
  readonly revisions: RevisionReader;
  readonly progress: ProgressAsker;
  readonly features: StoreFeatures;
  readonly budget: JsonBudget;
  readonly observe: ObserveStore;
  readonly #compactor: Compactor | null;

  constructor(options: StoreConnectionOptions) {
    const { client, clock, compactionIntervalMs = 0 } = options;
    this.client = client;
    this.clock = clock;
    this.prng = options.prng;
    this.logger = options.logger ?? silentLogger;
    this.leases = new LeasePool({ client, clock });
    this.revisions = new RevisionReader({ client, clock });
    this.progress = new ProgressAsker({ client, clock });
    this.features = new StoreFeatures({ client });
    this.observe = options.observe ?? (() => {});
    this.budget = new JsonBudget(options.jsonBytesMax);
    const { logger } = this;
    this.#compactor =
      compactionIntervalMs === 0
        ? null
        : new Compactor({ client, clock, logger, intervalMs: compactionIntervalMs });
    this.#compactor?.start();
  }

  /** Stops compacting and asking. Close the storages first. */
  async close(): Promise<void> {
    await this.#compactor?.close();
  }
}
