import type { Defect } from '../../src/base/defect.js';
import { Prng } from '../../src/base/prng.js';
import type { ApplyResponse } from '../../src/store/contracts.js';
import { StoreError } from '../../src/store/errors.js';
import { StoreDataError } from '../../src/store/schema/errors.js';
import { DeleteRangeRequest, PutRequest, TxnRequest } from '../../src/wire/gen/etcdserverpb.js';
import { KeyValue } from '../../src/wire/gen/mvccpb.js';
import { SimDbHome } from '../sim/db.js';
import { ModelStore } from './model-store.js';
import {
  randomDelete,
  randomPut,
  randomRange,
  randomReadTxn,
  randomTxn,
  type World,
} from './random-requests.js';
import { readOnlyTxn } from './read-only-txn.js';
import { command, compact, grant, revoke, StoreRig, s } from './store-harness.js';

/** A command and what the model says about it. */
interface Planned {
  readonly data: Uint8Array;
  readonly expected: unknown;
}

/**
 * A random life of one store: commands in batches, reads, compactions, crashes and restarts, each compared with
 * {@link ModelStore}.
 */
export class RandomRun {
  readonly #prng: Prng;
  readonly #home: SimDbHome;
  readonly #rig: StoreRig;
  readonly #model = new ModelStore();
  readonly #world: World;

  private constructor(prng: Prng, home: SimDbHome, rig: StoreRig) {
    this.#prng = prng;
    this.#home = home;
    this.#rig = rig;
    this.#world = { prng, revision: 1, compactRevision: -1, hasCompacted: false, leases: [] };
  }

  static async start(seed: number, defects: ReadonlySet<Defect> = new Set()): Promise<RandomRun> {
    const prng = new Prng(seed);
    const home = new SimDbHome({ prng: prng.fork() });
    // Little memory, so that values are read back and history comes from the database.
    const options = { valueCacheBytesMax: prng.pick([1, 20_000, 1_000_000]), defects };
    return new RandomRun(prng, home, await StoreRig.open(home, options));
  }

  /** Does something; what went wrong, or null. */
  async step(): Promise<string | null> {
    this.#world.revision = this.#model.revision;
    this.#world.compactRevision = this.#model.compactRevision;
    const dice = this.#prng.int(0, 100);
    if (dice < 50) return this.#applyBatch();
    if (dice < 75) return this.#compareRange();
    if (dice < 80) return this.#compareReadTxn();
    if (dice < 88) return this.#compareHistory();
    if (dice < 92) return this.#compareVersions();
    if (dice < 94) {
      await this.#rig.store.sync();
      return null;
    }
    if (dice < 97) return this.#crash();
    // Lets the background work on.
    await new Promise((resolve) => setImmediate(resolve));
    return null;
  }

  /** Members that took the log in other portions, from a snapshot or after crashes have the same state. */
  async finish(t: Pick<typeof import('tap').t, 'equal' | 'same'>): Promise<void> {
    const { store, log } = this.#rig;
    const twin = await StoreRig.open();
    twin.applyAll(log, false);
    const image = await store.openSnapshot();
    const copy = await StoreRig.open(undefined, { bootstrap: null });
    await copy.store.restoreSnapshot(image.meta, image.chunks);
    await image.close();
    const hash = await store.mvcc.hashKv(0);
    for (const [name, other] of [['twin', twin.store] as const, ['copy', copy.store] as const]) {
      t.equal(other.appliedHash, store.appliedHash, `${name}: running hash`);
      t.equal(other.appliedIndex, store.appliedIndex, `${name}: applied index`);
      t.same(await other.mvcc.hashKv(0), hash, `${name}: hash of the history`);
      t.same([...other.leases.list()].sort(), [...store.leases.list()].sort(), `${name}: leases`);
      for (const id of other.leases.list()) t.same(other.leases.keys(id), store.leases.keys(id));
    }
    t.same(await copy.dump(), await this.#rig.dump());
    t.same(await twin.dump(), await this.#rig.dump());
    for (const rig of [this.#rig, twin, copy]) await rig.store.close();
    t.same(this.#rig.fatal, []);
  }

  #applyBatch(): string | null {
    const planned = Array.from({ length: this.#prng.int(1, 5) }, () => this.#plan());
    const isLocal = this.#prng.chance(0.8);
    const results = this.#rig.applyAll(
      planned.map(({ data }) => data),
      isLocal,
    );
    for (const [i, { expected }] of planned.entries()) {
      const result = results[i];
      if (result === undefined) continue;
      const actual = result.ok ? responseValue(result.response) : result.error.code;
      const problem = difference(actual, expected);
      if (problem !== null) return `${problem} for ${s(planned[i]!.data)}`;
    }
    return null;
  }

  #plan(): Planned {
    const model = this.#model;
    const world = this.#world;
    const dice = this.#prng.int(0, 100);
    if (dice < 45) {
      const request = randomPut(world);
      return this.#expect(command(1, PutRequest.encode(request)), () => model.put(request));
    }
    if (dice < 60) {
      const request = randomDelete(world);
      return this.#expect(command(2, DeleteRangeRequest.encode(request)), () => model.del(request));
    }
    if (dice < 80) {
      const request = randomTxn(world);
      return this.#expect(command(3, TxnRequest.encode(request)), () => model.txn(request));
    }
    const id = BigInt(this.#prng.int(1, 6));
    if (dice < 88) {
      return this.#expect(grant(id), () => {
        if (model.leases.has(id)) throw new StoreError('lease-exists');
        model.leases.add(id);
        return undefined;
      });
    }
    if (dice < 92) return this.#expect(revoke(id), () => model.revoke(id));
    if (dice < 95) {
      const revision = this.#prng.int(0, model.revision + 2);
      return this.#expect(compact(revision), () => model.compact(revision));
    }
    const garbage = this.#prng.bytes(this.#prng.int(1, 6));
    garbage[0] = this.#prng.pick([0, 100, 200]);
    return { data: garbage, expected: 'malformed-entry' };
  }

  #expect(data: Uint8Array, work: () => unknown): Planned {
    try {
      const expected = work();
      this.#world.revision = this.#model.revision;
      return { data, expected };
    } catch (error) {
      if (error instanceof StoreError) return { data, expected: error.code };
      throw error;
    }
  }

  async #compareRange(): Promise<string | null> {
    const request = randomRange(this.#world);
    const expected = outcome(() => this.#model.range(request));
    return difference(await asyncOutcome(() => this.#rig.range(request)), expected);
  }

  async #compareReadTxn(): Promise<string | null> {
    const request = randomReadTxn(this.#world);
    const expected = outcome(() => this.#model.txn(request));
    return difference(
      await asyncOutcome(() => readOnlyTxn(this.#rig.store.mvcc, request)),
      expected,
    );
  }

  async #compareHistory(): Promise<string | null> {
    const { revision, compactRevision, events } = this.#model;
    if (revision < 2) return null;
    const from = this.#prng.int(Math.max(2, compactRevision - 1), revision + 1);
    const found = await asyncOutcome(() => this.#rig.store.mvcc.history(from, 7));
    if (from < compactRevision) return difference(found, 'compacted');
    const revisions = found as { revision: number; events: ModelHistoryEvent[] }[];
    if (revisions.length === 0) return `no history from ${from} of ${revision}`;
    for (const [i, { revision: at, events: list }] of revisions.entries()) {
      if (at !== from + i) return `history from ${from} has ${at} at ${i}`;
      const seen = list.map((event) => ({
        kind: event.kind,
        key: event.key,
        value: s(KeyValue.decode(event.kv).value),
      }));
      const problem = difference(seen, events[at]);
      if (problem !== null) return problem;
    }
    return null;
  }

  /** Every event's previous version is what a range just before it finds. */
  async #compareVersions(): Promise<string | null> {
    const { revision, compactRevision } = this.#model;
    const from = this.#prng.int(Math.max(2, compactRevision + 1), revision + 2);
    if (from > revision) return null;
    const [first] = await this.#rig.store.mvcc.history(from, 1);
    for (const event of first?.events ?? []) {
      const { key, previous } = event;
      const { kvs } = this.#model.range({
        ...randomRange(this.#world),
        ...{
          key: Buffer.from(key, 'latin1'),
          rangeEnd: new Uint8Array(0),
          limit: 0,
          revision: from - 1,
        },
        ...{ minModRevision: 0, maxModRevision: 0, minCreateRevision: 0, maxCreateRevision: 0 },
        ...{ keysOnly: false, countOnly: false },
      });
      const kv = previous === null ? undefined : await this.#rig.store.mvcc.version(previous);
      const problem = difference(kv === undefined ? [] : [KeyValue.decode(kv)], kvs);
      if (problem !== null) return `before revision ${from}: ${problem}`;
    }
    return null;
  }

  async #crash(): Promise<string | null> {
    const { durableIndex } = this.#rig.store;
    if (this.#prng.chance(0.3)) this.#home.kill();
    else this.#home.crash();
    try {
      await this.#rig.reopen(this.#prng);
    } catch (error) {
      if (error instanceof StoreDataError) return error.message;
      throw error;
    }
    if (this.#rig.store.durableIndex < durableIndex) return 'what was durable is lost';
    if (this.#rig.store.mvcc.revision !== this.#model.revision) return 'the revision is another';
    return difference(await this.#rig.dump(), await dumpOf(this.#model));
  }
}

interface ModelHistoryEvent {
  readonly kind: string;
  readonly key: string;
  readonly kv: Uint8Array;
}

function dumpOf(model: ModelStore): string[] {
  const all = randomRange({
    prng: new Prng(1),
    revision: 1,
    compactRevision: 1,
    hasCompacted: false,
    leases: [],
  });
  const { kvs } = model.range({
    ...all,
    ...{ key: Buffer.from('\0'), rangeEnd: Buffer.from('\0'), limit: 0, revision: 0 },
    ...{ sortOrder: 0, sortTarget: 0, keysOnly: false, countOnly: false },
    ...{ minModRevision: 0, maxModRevision: 0, minCreateRevision: 0, maxCreateRevision: 0 },
  });
  return kvs.map((kv) => `${s(kv.key)}=${s(kv.value)}`);
}

function responseValue(response: ApplyResponse): unknown {
  return ['put', 'deleteRange', 'txn'].includes(response.kind)
    ? (response as { value: unknown }).value
    : undefined;
}

function outcome(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
}

async function asyncOutcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
}

function difference(actual: unknown, expected: unknown): string | null {
  const [ours, theirs] = [show(actual), show(expected)];
  return ours === theirs ? null : `got ${ours}, expected ${theirs}`;
}

function show(value: unknown): string {
  return (
    JSON.stringify(value, (_, item) => {
      if (item instanceof Uint8Array) return `bytes ${s(item)}`;
      if (item?.type === 'Buffer') return `bytes ${s(Uint8Array.from(item.data))}`;
      return typeof item === 'bigint' ? String(item) : item;
    }) ?? 'nothing'
  );
}
