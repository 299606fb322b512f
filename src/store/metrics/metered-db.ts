import { assert } from '../../base/assert.js';
import type { DbRange, DbWrite, OrderedDb, OrderedDbHome } from '../../base/ordered-db.js';

/** What is told about a database. */
export interface DbMeter {
  readonly now: () => number;
  /** A batch that went well took so long, queueing in the database included. */
  onCommit(tookMs: number): void;
}

/** The same home, of whose databases a meter is told how long batches take. */
export function meteredHome(home: OrderedDbHome, meter: DbMeter): OrderedDbHome {
  return {
    openCurrent: async () => new MeteredDb(await home.openCurrent(), meter),
    openReplacement: async () => new MeteredDb(await home.openReplacement(), meter),
    promote(replacement) {
      assert(replacement instanceof MeteredDb, 'the replacement is of another home');
      return home.promote(replacement.db);
    },
  };
}

class MeteredDb implements OrderedDb {
  readonly db: OrderedDb;
  readonly #meter: DbMeter;

  constructor(db: OrderedDb, meter: DbMeter) {
    this.db = db;
    this.#meter = meter;
  }

  async write(batch: readonly DbWrite[], options: { readonly sync: boolean }): Promise<void> {
    const startedAt = this.#meter.now();
    await this.db.write(batch, options);
    this.#meter.onCommit(this.#meter.now() - startedAt);
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.db.get(key);
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    return this.db.getSync(key);
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.db.getMany(keys);
  }

  iterate(range: DbRange): ReturnType<OrderedDb['iterate']> {
    return this.db.iterate(range);
  }

  snapshot(): ReturnType<OrderedDb['snapshot']> {
    return this.db.snapshot();
  }

  sizeBytes(): Promise<number> {
    return this.db.sizeBytes();
  }

  compactRange(range: Parameters<OrderedDb['compactRange']>[0]): Promise<void> {
    return this.db.compactRange(range);
  }

  close(): Promise<void> {
    return this.db.close();
  }
}
