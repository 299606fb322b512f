import t from 'tap';
import type { OrderedDb } from '../../src/base/ordered-db.js';
import { Prng } from '../../src/base/prng.js';
import { orderedDbContract } from '../host/ordered-db-contract.js';
import { SimDbHome } from './db.js';

t.test('SimDbHome', async (t) => {
  orderedDbContract(t, () => {
    const home = new SimDbHome({ prng: new Prng(1) });
    return {
      home: () => home,
      restart: () => {
        home.kill();
        return home;
      },
    };
  });
});

const key = new Uint8Array([1]);
const write = (db: OrderedDb, value: number, sync = false) =>
  db.write([{ kind: 'put', key, value: new Uint8Array([value]) }], { sync });

t.test('SimDbHome.crash leaves any prefix of the batches since the last sync', async (t) => {
  const seen = new Set<number>();
  for (let seed = 1; seed <= 60; seed++) {
    const home = new SimDbHome({ prng: new Prng(seed) });
    const db = await home.openCurrent();
    for (let value = 1; value <= 6; value++) await write(db, value, value === 3);
    home.crash();
    seen.add((await (await home.openCurrent()).get(key))![0]!);
  }
  t.same([...seen].sort(), [3, 4, 5, 6]);
});

t.test('SimDbHome.crash keeps a batch whole', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const home = new SimDbHome({ prng: new Prng(seed) });
    const db = await home.openCurrent();
    for (let value = 1; value <= 5; value++) {
      const batch = [1, 2, 3].map((k) => ({
        kind: 'put' as const,
        key: new Uint8Array([k]),
        value: new Uint8Array([value]),
      }));
      await db.write(batch, { sync: false });
    }
    home.crash();
    const again = await home.openCurrent();
    const values = await again.getMany([1, 2, 3].map((k) => new Uint8Array([k])));
    t.equal(new Set(values.map(String)).size, 1, `seed ${seed}`);
  }
});

t.test(
  'SimDbHome.crash may lose a sync that had not completed, and what was written during it',
  async (t) => {
    const seen = new Set<number>();
    for (let seed = 1; seed <= 60; seed++) {
      const done: (() => void)[] = [];
      const home = new SimDbHome({
        prng: new Prng(seed),
        schedule: (operation, callback) => {
          if (operation === 'sync') done.push(callback);
          else queueMicrotask(callback);
        },
      });
      const db = await home.openCurrent();
      await write(db, 1);
      void write(db, 2, true);
      await write(db, 3);
      t.equal(done.length, 1);
      home.crash();
      const found = await (await home.openCurrent()).get(key);
      seen.add(found?.[0] ?? 0);
    }
    t.same([...seen].sort(), [0, 1, 2, 3]);
  },
);

t.test('SimDbHome.crash leaves the operations of the dead incarnation unanswered', async (t) => {
  const home = new SimDbHome({ prng: new Prng(1) });
  const db = await home.openCurrent();
  await write(db, 1, true);
  let answers = 0;
  const count = () => {
    answers++;
  };
  const pending = [write(db, 2), db.get(key), db.getMany([key])];
  home.crash();
  pending.push(write(db, 3), db.get(key));
  for (const promise of pending) (promise as Promise<unknown>).then(count, count);
  const again = await home.openCurrent();
  await again.get(key);
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  t.equal(answers, 0);
  t.not((await again.get(key))?.[0], 3, 'a dead process does not write');
});

t.test('SimDbHome.loseEverything leaves an empty disk', async (t) => {
  const home = new SimDbHome({ prng: new Prng(1) });
  await write(await home.openCurrent(), 1, true);
  home.loseEverything();
  t.equal(await (await home.openCurrent()).get(key), undefined);
});

t.test('SimDbHome.promote is there wholly or not at all after a crash', async (t) => {
  for (const completes of [false, true]) {
    const done: (() => void)[] = [];
    const home = new SimDbHome({
      prng: new Prng(1),
      schedule: (operation, callback) => {
        if (operation === 'promote') done.push(callback);
        else queueMicrotask(callback);
      },
    });
    await write(await home.openCurrent(), 1, true);
    const next = await home.openReplacement();
    await write(next, 2, true);
    const promoted = home.promote(next);
    while (done.length === 0) await new Promise((resolve) => setImmediate(resolve));
    if (completes) {
      done[0]!();
      await promoted;
    }
    home.crash();
    t.equal((await (await home.openCurrent()).get(key))?.[0], completes ? 2 : 1);
  }
});

t.test('SimDbHome.failWrites fails every write until the restart', async (t) => {
  const home = new SimDbHome({ prng: new Prng(1) });
  const db = await home.openCurrent();
  home.failWrites(new Error('no space'));
  await t.rejects(write(db, 1), /no space/);
  await t.rejects(write(db, 2, true), /no space/);
  home.kill();
  const again = await home.openCurrent();
  await write(again, 3);
  t.equal((await again.get(key))?.[0], 3);
});
