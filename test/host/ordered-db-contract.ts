import type { Test } from 'tap';
import type { DbWrite, OrderedDb, OrderedDbHome } from '../../src/base/ordered-db.js';
import { Prng } from '../../src/base/prng.js';

/** A home under test, and how its process ends and starts again without losing anything. */
export interface HomeRig {
  home(): OrderedDbHome;
  /** A home on the same disk for the next process. The databases of the last one are closed. */
  restart(): OrderedDbHome;
}

const put = (key: string, value: string): DbWrite => ({
  kind: 'put',
  key: bytes(key),
  value: bytes(value),
});
const del = (key: string): DbWrite => ({ kind: 'delete', key: bytes(key) });
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString('latin1');

/** What every home of ordered databases does. `make` gives a rig with nothing in it. */
export function orderedDbContract(t: Test, make: (t: Test) => HomeRig): void {
  const withDb = (name: string, body: (t: Test, db: OrderedDb) => Promise<void>) =>
    t.test(name, async (t) => {
      const db = await make(t).home().openCurrent();
      await body(t, db);
      await db.close();
    });

  withDb('write puts and deletes, in the order of the batch', async (t, db) => {
    await db.write([put('a', '1'), put('b', '2'), del('a'), put('b', '3')], { sync: false });
    t.equal(text(await db.get(bytes('a'))), undefined);
    t.equal(text(await db.get(bytes('b'))), '3');
    t.equal(text(db.getSync(bytes('b'))), '3');
    t.equal(db.getSync(bytes('a')), undefined);
    const found = await db.getMany([bytes('b'), bytes('x'), bytes('b')]);
    t.same(found.map(text), ['3', undefined, '3']);
  });

  withDb('write keeps the order of calls that do not wait for one another', async (t, db) => {
    const writes = Array.from({ length: 200 }, (_, i) =>
      db.write([put('k', String(i))], { sync: i % 50 === 0 }),
    );
    await Promise.all(writes);
    t.equal(text(await db.get(bytes('k'))), '199');
  });

  withDb('write keeps empty values and empty batches', async (t, db) => {
    await db.write([put('a', '')], { sync: false });
    await db.write([], { sync: false });
    await db.write([], { sync: true });
    t.same(await db.get(bytes('a')), new Uint8Array(0));
    t.same(await contents(db), ['a=']);
  });

  withDb('iterate goes by unsigned bytes, both ways, within half-open bounds', async (t, db) => {
    const keys = ['a', 'a\0', 'b', 'b\xff', '\x80', '\xff'];
    await db.write(
      keys.map((key) => put(key, 'v')),
      { sync: false },
    );
    const table: [string, string, object, string[]][] = [
      ['', '\xff\xff', {}, keys],
      ['a\0', 'b\xff', {}, ['a\0', 'b']],
      ['b', 'b', {}, []],
      ['', '\xff', { reverse: true }, keys.slice(0, 5).reverse()],
      ['', '\xff', { limit: 2 }, ['a', 'a\0']],
      ['', '\xff', { reverse: true, limit: 1 }, ['\x80']],
    ];
    for (const [gte, lt, more, expected] of table) {
      t.same(await keysOf(db, { gte: bytes(gte), lt: bytes(lt), ...more }), expected);
    }
  });

  withDb('iterate sees the moment at which it began', async (t, db) => {
    await db.write(
      Array.from({ length: 5000 }, (_, i) => put(`k${i}`, 'v')),
      { sync: false },
    );
    let seen = 0;
    for await (const step of db.iterate({ gte: bytes('k'), lt: bytes('l') })) {
      if (seen === 0) await db.write([del('k9'), put('k99999', 'new')], { sync: false });
      seen += step.length;
    }
    t.equal(seen, 5000);
  });

  withDb('iterate may be left before its end', async (t, db) => {
    const keys = Array.from({ length: 3500 }, (_, i) => `k${String(i).padStart(4, '0')}`);
    await db.write(
      keys.map((key) => put(key, 'v')),
      { sync: false },
    );
    for (const stepsWanted of [1, 2, 3]) {
      let steps = 0;
      let found = 0;
      for await (const step of db.iterate({ gte: bytes('k'), lt: bytes('l') })) {
        for (const [key] of step) t.equal(text(key), keys[found++]);
        if (++steps === stepsWanted) break;
      }
      t.equal(steps, stepsWanted);
    }
    t.equal((await contents(db)).length, keys.length);
  });

  withDb('snapshot is not touched by later writes, and is read at leisure', async (t, db) => {
    await db.write([put('a', '1')], { sync: false });
    const snapshot = db.snapshot();
    await db.write([put('a', '2'), put('b', '2')], { sync: false });
    t.same(await contents(snapshot), ['a=1']);
    t.same(await contents(snapshot), ['a=1']);
    await snapshot.close();
    t.same(await contents(db), ['a=2', 'b=2']);
  });

  withDb('agrees with a map on random batches', async (t, db) => {
    const prng = new Prng(7);
    const model = new Map<string, string>();
    for (let i = 0; i < 200; i++) {
      const batch = Array.from({ length: prng.int(1, 6) }, () => {
        const key = `k${prng.int(0, 40)}`;
        if (prng.chance(0.3)) {
          model.delete(key);
          return del(key);
        }
        model.set(key, String(i));
        return put(key, String(i));
      });
      await db.write(batch, { sync: prng.chance(0.1) });
    }
    const keys = [...model.keys()].sort();
    const expected = keys.map((key) => `${key}=${model.get(key)}`);
    t.same(await contents(db), expected);
    t.ok((await db.sizeBytes()) > 0);
    await db.compactRange({ gte: bytes(''), lt: bytes('\xff') });
    t.same(await contents(db), expected);
  });

  t.test('openCurrent finds what an earlier process wrote', async (t) => {
    const rig = make(t);
    const db = await rig.home().openCurrent();
    await db.write([put('a', '1')], { sync: true });
    await db.close();
    const again = await rig.restart().openCurrent();
    t.same(await contents(again), ['a=1']);
    await again.close();
  });

  t.test('openReplacement is empty, and forgotten unless it is promoted', async (t) => {
    const rig = make(t);
    const home = rig.home();
    const db = await home.openCurrent();
    await db.write([put('a', 'old')], { sync: true });
    const first = await home.openReplacement();
    await first.write([put('b', 'half')], { sync: true });
    await first.close();
    const second = await home.openReplacement();
    t.same(await contents(second), [], 'a second replacement does not see the first');
    await second.write([put('b', 'half')], { sync: true });
    await second.close();
    await db.close();
    const again = await rig.restart().openCurrent();
    t.same(await contents(again), ['a=old']);
    await again.close();
  });

  t.test('promote puts the replacement in the place of the current one, for good', async (t) => {
    const rig = make(t);
    const home = rig.home();
    const old = await home.openCurrent();
    await old.write([put('a', 'old')], { sync: true });
    const next = await home.openReplacement();
    await next.write([put('b', 'new')], { sync: true });
    await home.promote(next);
    t.same(await contents(next), ['b=new'], 'it stays open');
    await t.rejects(old.get(bytes('a')), 'the old one is closed');
    await next.write([put('c', 'more')], { sync: true });
    const third = await home.openReplacement();
    await third.write([put('d', 'third')], { sync: true });
    await home.promote(third);
    await third.close();
    const again = await rig.restart().openCurrent();
    t.same(await contents(again), ['d=third']);
    await again.close();
  });

  t.test('promote refuses a database that is not the replacement', async (t) => {
    const home = make(t).home();
    const db = await home.openCurrent();
    await t.rejects(home.promote(db), /openReplacement/);
    await db.close();
  });
}

type Iterable = Pick<OrderedDb, 'iterate'>;

async function contents(db: Iterable): Promise<string[]> {
  const found: string[] = [];
  for await (const step of db.iterate({ gte: new Uint8Array(0), lt: bytes('\xff\xff') })) {
    for (const [key, value] of step) found.push(`${text(key)}=${text(value)}`);
  }
  return found;
}

async function keysOf(db: Iterable, range: Parameters<OrderedDb['iterate']>[0]): Promise<string[]> {
  const found: string[] = [];
  for await (const step of db.iterate(range)) for (const [key] of step) found.push(text(key) ?? '');
  return found;
}
