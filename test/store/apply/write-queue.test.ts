import t from 'tap';
import { noDefects } from '../../../src/base/defect.js';
import type { DbWrite } from '../../../src/base/ordered-db.js';
import { Prng } from '../../../src/base/prng.js';
import { WriteQueue } from '../../../src/store/apply/write-queue.js';
import { metaKey } from '../../../src/store/schema/keys.js';
import { type AppliedRecord, decodeApplied } from '../../../src/store/schema/meta.js';
import { SimDbHome } from '../../sim/db.js';
import { ManualClock } from '../manual-clock.js';

const record = (index: number): AppliedRecord => ({ index, term: 1, revision: index, hash: 0n });

t.test(
  'WriteQueue.sync shows the state as of its call, whatever was queued behind it',
  async (t) => {
    const db = await new SimDbHome({ prng: new Prng(1) }).openCurrent();
    const queue = new WriteQueue({
      db,
      clock: new ManualClock(),
      applied: record(0),
      pendingBytesMax: 1000,
      packs: () => [],
      onWritten: () => {},
      onError: (error) => t.fail(String(error)),
      defects: noDefects,
    });
    queue.add([], 0, record(1));
    const found = queue.sync((applied) => ({ applied, stored: db.getSync(metaKey.applied) }));
    queue.add([], 0, record(2));
    const { applied, stored } = await found;
    t.equal(applied.index, 1);
    t.equal(stored && decodeApplied(stored).index, 1);
    await queue.flush();
    const last = db.getSync(metaKey.applied);
    t.equal(last && decodeApplied(last).index, 2);
  },
);

t.test('WriteQueue lets what nobody waits for collect for a moment, and no longer', async (t) => {
  const clock = new ManualClock();
  const db = await new SimDbHome({ prng: new Prng(1) }).openCurrent();
  let writes = 0;
  const written: number[] = [];
  const queue = new WriteQueue({
    db: Object.assign(Object.create(db) as typeof db, {
      write: (...args: Parameters<typeof db.write>) => {
        writes++;
        return db.write(...args);
      },
    }),
    clock,
    applied: record(0),
    pendingBytesMax: 1 << 30,
    packs: () => [],
    onWritten: ({ index }) => written.push(index),
    onError: (error) => t.fail(String(error)),
    defects: noDefects,
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  for (let index = 1; index <= 5; index++) {
    queue.add([], 100, record(index));
    await settle();
  }
  t.equal(writes, 0, 'nothing yet');
  await clock.advance(999);
  await settle();
  t.equal(writes, 0, 'still nothing');
  await clock.advance(1);
  await settle();
  t.same([writes, written], [1, [5]], 'then all of it at once');
  queue.add([], 300 * 1024, record(6));
  await settle();
  t.same([writes, written], [2, [5, 6]], 'much is written at once');
});

t.test(
  'WriteQueue makes the last of several writes of a key in a batch, in any order of keys',
  async (t) => {
    const seed = Number(process.env.TEST_SEED ?? 7);
    const prng = new Prng(seed);
    const home = new SimDbHome({ prng: new Prng(1) });
    const db = await home.openCurrent();
    let written = 0;
    const queue = new WriteQueue({
      db: Object.assign(Object.create(db) as typeof db, {
        write: (batch: readonly DbWrite[], options: { readonly sync: boolean }) => {
          written += batch.length;
          return db.write(batch, options);
        },
      }),
      clock: new ManualClock(),
      applied: record(0),
      pendingBytesMax: 1 << 30,
      packs: () => [],
      onWritten: () => {},
      onError: (error) => t.fail(String(error)),
      defects: noDefects,
    });
    const expected = new Map<number, number | null>();
    let made = 0;
    for (let index = 1; index <= 200; index++) {
      const writes: DbWrite[] = [];
      for (let i = prng.int(0, 4); i >= 0; i--) {
        // Unlike in utf8, each of these bytes is a key of its own.
        const key = 0x78 + prng.int(0, 16);
        const value = prng.int(0, 3) === 0 ? null : prng.int(0, 256);
        const bytes = new Uint8Array([0x6c, key]);
        writes.push(
          value === null
            ? { kind: 'delete', key: bytes }
            : { kind: 'put', key: bytes, value: new Uint8Array([value]) },
        );
        expected.set(key, value);
        made++;
      }
      queue.add(writes, 10, record(index));
      if (prng.int(0, 20) === 0) await queue.flush();
    }
    await queue.flush();
    for (const [key, value] of expected) {
      const stored = db.getSync(new Uint8Array([0x6c, key]));
      t.same(stored?.[0] ?? null, value, `key ${key}, TEST_SEED=${seed}`);
    }
    t.ok(written < made / 2, `${written} writes for ${made}`);
  },
);
