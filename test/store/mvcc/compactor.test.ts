import t from 'tap';
import { setVerify } from '../../../src/base/assert.js';
import type { DbWrite, OrderedDb, OrderedDbHome } from '../../../src/base/ordered-db.js';
import { Prng } from '../../../src/base/prng.js';
import { allPackKeys, deadKey, parsePackKey } from '../../../src/store/schema/keys.js';
import { isDead, PackCursor } from '../../../src/store/schema/revision-pack.js';
import { eventually } from '../../rpc/support.js';
import { SimDbHome } from '../../sim/db.js';
import { b, compact, del, put, StoreRig } from '../store-harness.js';

setVerify(true);

const seeds = (process.env.STORE_SEEDS ?? '1,2,3,4,5,6').split(',').map(Number);

/** Every key's value after each revision, and what compactions leave of the records. */
class Model {
  readonly states: Map<string, string>[] = [new Map(), new Map()];
  /** `revision key` of every record that is to be found, oldest first. */
  records: { readonly main: number; readonly key: string; readonly isPut: boolean }[] = [];
  compactRevision = -1;

  get revision(): number {
    return this.states.length - 1;
  }

  change(key: string, value: string | null): void {
    const next = new Map(this.states.at(-1));
    if (value === null ? !next.delete(key) : !next.set(key, value)) return;
    this.states.push(next);
    this.records.push({ main: this.revision, key, isPut: value !== null });
  }

  compact(revision: number): void {
    this.compactRevision = revision;
    const newest = new Map<string, number>();
    for (const { main, key } of this.records) if (main <= revision) newest.set(key, main);
    this.records = this.records.filter(
      ({ main, key, isPut }) =>
        main > revision || (newest.get(key) === main && (isPut || main === revision)),
    );
  }

  dump(revision: number): string[] {
    const state = this.states[revision]!;
    return [...state.keys()].sort().map((key) => `${key}=${state.get(key)}`);
  }
}

/** What is in the database: the records that are not marked dead, and how many packs have bits or lost records. */
async function stored(home: OrderedDbHome): Promise<{ records: string[]; marked: number }> {
  const db = await home.openCurrent();
  const records: string[] = [];
  let marked = 0;
  for await (const step of db.iterate(allPackKeys)) {
    for (const [key, pack] of step) {
      const start = parsePackKey(key);
      const bits = await db.get(deadKey(start.main, start.sub));
      if (bits !== undefined) marked++;
      const cursor = new PackCursor(pack, start);
      while (cursor.next()) if (!isDead(bits, cursor.ordinal)) records.push(`${cursor.main}`);
    }
  }
  return { records, marked };
}

/** A home whose databases report their writes. */
function observed(inner: SimDbHome, onWrite: (write: DbWrite) => void): OrderedDbHome {
  const observe = (db: OrderedDb): OrderedDb =>
    new Proxy(db, {
      get(target, name) {
        const member = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name !== 'write') return member.bind(target);
        return (batch: readonly DbWrite[], options: { sync: boolean }) => {
          for (const write of batch) onWrite(write);
          return target.write(batch, options);
        };
      },
    });
  return {
    openCurrent: async () => observe(await inner.openCurrent()),
    openReplacement: () => inner.openReplacement(),
    promote: (replacement) => inner.promote(replacement),
  };
}

for (const seed of seeds) {
  t.test(
    `Compactor leaves exactly what a compaction keeps, in packs, through crashes; again with STORE_SEEDS=${seed}`,
    async (t) => {
      const prng = new Prng(seed);
      const done = { marked: 0, rewritten: 0, deleted: 0 };
      const seen = new Set<string>();
      const inner = new SimDbHome({ prng: prng.fork() });
      const home = observed(inner, ({ kind, key }) => {
        const name = Buffer.from(key).toString('latin1');
        if (kind === 'delete') done.deleted += Number(name[0] === 'r');
        else if (name[0] === 'd') done.marked++;
        else if (name[0] === 'r') {
          done.rewritten += Number(seen.has(name));
          seen.add(name);
        }
      });
      const options = { valueCacheBytesMax: prng.pick([1, 30_000, 10_000_000]) };
      const rig = await StoreRig.open(home, options);
      const model = new Model();
      const keys = Array.from({ length: 400 }, (_, i) => `key${String(i).padStart(3, '0')}`);
      for (let round = 0; round < 12; round++) {
        const commands = Array.from({ length: prng.int(1, prng.pick([3, 500])) }, () => {
          const key = prng.pick(keys);
          const value = 'v'.repeat(prng.int(0, 120));
          const isDelete = prng.chance(0.3);
          model.change(key, isDelete ? null : value);
          return isDelete ? del(key) : put(key, value);
        });
        rig.applyAll(commands, false);
        if (prng.chance(0.5)) await rig.store.sync();
        if (prng.chance(0.6) && model.compactRevision < model.revision) {
          const revision = prng.int(Math.max(2, model.compactRevision + 1), model.revision + 1);
          const response = rig.apply(compact(revision));
          model.compact(revision);
          if (response.ok && response.response.kind === 'compact' && prng.chance(0.6)) {
            await response.response.physical;
          }
        }
        if (prng.chance(0.3)) {
          for (let turn = prng.int(0, 6); turn > 0; turn--) await turnOfLoop();
          inner.crash();
          seen.clear();
          await rig.reopen(prng);
        }
        for (let reads = 0; reads < 3; reads++) {
          const from = Math.max(2, model.compactRevision);
          const revision = prng.int(from, Math.max(from, model.revision) + 1);
          if (revision > model.revision) continue;
          t.same(await rig.dump(revision), model.dump(revision), `at ${revision}`);
          const events = await rig.store.mvcc.history(revision, 3);
          for (const { revision: at, events: changes } of events) {
            const expected = model.records.filter(({ main }) => main === at);
            t.same(
              changes.map(({ kind, key }) => [kind, key]),
              expected.map(({ isPut, key }) => [isPut ? 'put' : 'delete', key]),
            );
          }
        }
      }
      const twin = await StoreRig.open();
      twin.applyAll(rig.log, false);
      t.same(await rig.store.mvcc.hashKv(0), await twin.store.mvcc.hashKv(0));
      await rig.store.close();
      await rig.reopen();
      const hasEnded = async () => (await stored(inner)).records.length <= model.records.length;
      await eventually(hasEnded, 'the compaction that was cut short ends');
      await rig.store.sync();
      const found = await stored(inner);
      t.same(
        found.records,
        model.records.map(({ main }) => String(main)),
      );
      t.same(await rig.dump(), model.dump(model.revision));
      t.ok(done.marked > 0 && done.rewritten > 0 && done.deleted > 0, JSON.stringify(done));
    },
  );
}

function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

t.test('Compactor stops the member when a pack is not what it was', async (t) => {
  const home = new SimDbHome({ prng: new Prng(1) });
  const rig = await StoreRig.open(home);
  rig.applyAll(['1', '2', '3'].map((value) => put('a', value)));
  rig.applyAll(['b', 'c', 'd'].map((key) => put(key, '')));
  await rig.store.sync();
  const db = await home.openCurrent();
  for await (const step of db.iterate(allPackKeys)) {
    for (const [key] of step) {
      await db.write([{ kind: 'put', key, value: b('garbage, garbage, garbage') }], { sync: true });
    }
  }
  const response = rig.ok(compact(4));
  if (response.kind === 'compact') await t.rejects(response.physical, { code: 'damaged' });
  t.equal(rig.fatal.length, 1);
  t.match(String(rig.fatal[0]), /compacting/);
});
