import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { DbWrite, OrderedDb, OrderedDbHome } from '../../../src/base/ordered-db.js';
import { Prng } from '../../../src/base/prng.js';
import { openHostDisk } from '../../../src/host/disk.js';
import { openLevelHome } from '../../../src/host/level.js';
import { separateValues } from '../../../src/store/values/separated-db.js';
import { orderedDbContract } from '../../host/ordered-db-contract.js';
import { SimDbHome } from '../../sim/db.js';
import { SimDisk } from '../../sim/disk.js';
import { instantClock } from '../../sim/instant-clock.js';

const everything = { gte: new Uint8Array(0), lt: Uint8Array.of(0xff) };
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const put = (key: string, value: string): DbWrite => ({
  kind: 'put',
  key: bytes(key),
  value: bytes(value),
});
const del = (key: string): DbWrite => ({ kind: 'delete', key: bytes(key) });

/** A machine of the simulator with a database whose values from `valueBytesMin` bytes on are in files. */
class Rig {
  readonly disk: SimDisk;
  readonly db: SimDbHome;
  readonly #valueBytesMin: number;

  constructor(seed: number, valueBytesMin: number) {
    const prng = new Prng(seed);
    this.disk = new SimDisk(prng.fork(), instantClock, { tornWriteChance: 0.5 });
    this.db = new SimDbHome({ prng: prng.fork() });
    this.#valueBytesMin = valueBytesMin;
  }

  /** A home for the next process. */
  home(): OrderedDbHome {
    return separateValues(this.db, {
      disk: this.disk.mount(),
      dir: 'values',
      valueBytesMin: this.#valueBytesMin,
    });
  }

  /** What is in the database itself under a key. */
  async stored(key: string): Promise<Uint8Array | undefined> {
    return (await this.db.openCurrent()).get(bytes(key));
  }
}

for (const valueBytesMin of [1, 2, 1000]) {
  t.test(`separateValues, values from ${valueBytesMin} bytes on`, async (t) => {
    orderedDbContract(t, () => {
      const rig = new Rig(1, valueBytesMin);
      return { home: () => rig.home(), restart: () => rig.home() };
    });
  });
}

t.test('separateValues on LevelDB', async (t) => {
  orderedDbContract(t, (t) => {
    const dir = makeDir(t);
    const home = () => levelHome(dir);
    return { home, restart: home };
  });
});

function makeDir(t: { teardown(callback: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'values-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function levelHome(dir: string): OrderedDbHome {
  const disk = openHostDisk(dir);
  const home = openLevelHome(join(dir, 'db'));
  return separateValues(home, { disk, dir: 'db/values', valueBytesMin: 2 });
}

t.test('separateValues keeps small values in the database, large ones beside it', async (t) => {
  const rig = new Rig(1, 10);
  const db = await rig.home().openCurrent();
  await db.write([put('large', 'x'.repeat(10)), put('small', 'x'.repeat(9))], { sync: false });
  t.equal(rig.disk.paths().length, 1);
  t.equal((await rig.stored('large'))?.length, 28);
  t.equal((await rig.stored('small'))?.length, 9);
  t.equal(db.getSync(bytes('large'))?.length, 10);
});

t.test(
  'separateValues keeps a value that looks like a place in a file, whatever its size',
  async (t) => {
    const rig = new Rig(1, 1000);
    const db = await rig.home().openCurrent();
    await db.write([put('a', 'x'.repeat(1000))], { sync: false });
    const place = (await rig.stored('a'))!;
    await db.write([{ kind: 'put', key: bytes('b'), value: place }], { sync: false });
    t.same(await db.get(bytes('b')), place);
    t.same((await db.get(bytes('a')))?.length, 1000);
    t.equal(rig.disk.paths().length, 2);
  },
);

const gone: [string, readonly DbWrite[]][] = [
  ['its only value is deleted', [del('a')]],
  ['its only value is replaced by a small one', [put('a', '')]],
  ['its only value is replaced by a large one, twice', [put('a', 'yy'), put('a', 'zzz')]],
];

for (const [why, batch] of gone) {
  t.test(`separateValues removes a file when ${why}`, async (t) => {
    const rig = new Rig(1, 2);
    const db = await rig.home().openCurrent();
    await db.write([put('a', 'xx'), put('b', '1')], { sync: false });
    const [first] = rig.disk.paths();
    await db.write(batch, { sync: false });
    t.notOk(rig.disk.paths().includes(first!));
    // What let go of the file is durable: no power failure brings the reference back.
    rig.disk.crash();
    rig.db.crash();
    const again = await rig.home().openCurrent();
    const last = batch.at(-1)!;
    const expected = last.kind === 'put' ? last.value : undefined;
    t.same(await again.get(bytes('a')), expected);
    t.same(await again.get(bytes('b')), bytes('1'));
  });
}

t.test('separateValues keeps a file while one of its values is there', async (t) => {
  const rig = new Rig(1, 2);
  const db = await rig.home().openCurrent();
  await db.write([put('a', 'xx'), put('b', 'yy')], { sync: false });
  await db.write([del('a')], { sync: false });
  t.equal(rig.disk.paths().length, 1);
  t.same(await db.get(bytes('b')), bytes('yy'));
  await db.write([del('b')], { sync: false });
  t.same(rig.disk.paths(), []);
});

t.test('separateValues keeps a file for a snapshot that was there before', async (t) => {
  const rig = new Rig(1, 2);
  const db = await rig.home().openCurrent();
  await db.write([put('a', 'xx')], { sync: false });
  const before = db.snapshot();
  await db.write([del('a')], { sync: false });
  const after = db.snapshot();
  await after.close();
  t.same(await contents(before), ['a=xx']);
  await before.close();
  await db.write([], { sync: false });
  t.same(rig.disk.paths(), []);
});

t.test('separateValues removes the files of the database that was replaced', async (t) => {
  const rig = new Rig(1, 2);
  const home = rig.home();
  await (await home.openCurrent()).write([put('a', 'old')], { sync: true });
  await (await home.openReplacement()).write([put('a', 'half')], { sync: true });
  const next = await home.openReplacement();
  t.equal(rig.disk.paths().length, 1, 'a replacement that is not to be leaves nothing');
  await next.write([put('a', 'new')], { sync: true });
  await home.promote(next);
  t.equal(rig.disk.paths().length, 1);
  t.same(await next.get(bytes('a')), bytes('new'));
  t.same(await (await rig.home().openCurrent()).get(bytes('a')), bytes('new'));
});

const damages: [string, (rig: Rig, path: string) => Promise<void>][] = [
  ['is missing', (rig, path) => rig.disk.remove(path)],
  [
    'has a bit flipped',
    async (rig, path) => rig.disk.flipBit(path, rig.disk.contentOf(path).length - 1),
  ],
  ['is cut', async (rig, path) => (await rig.disk.open(path, { create: false })).truncate(60)],
];

for (const [how, damage] of damages) {
  t.test(`separateValues says that the database is damaged when a file ${how}`, async (t) => {
    const rig = new Rig(1, 2);
    const db = await rig.home().openCurrent();
    await db.write([put('a', 'x'.repeat(100))], { sync: true });
    await damage(rig, rig.disk.paths()[0]!);
    const error = {
      name: 'StoreDataError',
      code: 'damaged',
      message: /values file 1.*start again/,
    };
    await t.rejects(db.get(bytes('a')), error);
    await t.rejects(db.getMany([bytes('a')]), error);
    await t.rejects(contents(db), error);
    t.throws(() => db.getSync(bytes('a')), error);
  });
}

t.test('separateValues hands out values in steps of a bounded size', async (t) => {
  const rig = new Rig(1, 1000);
  const db = await rig.home().openCurrent();
  const value = new Uint8Array(300_000);
  for (let i = 0; i < 10; i++) {
    await db.write([{ kind: 'put', key: bytes(`k${i}`), value }], { sync: false });
  }
  let steps = 0;
  for await (const step of db.iterate(everything)) {
    steps++;
    t.ok(step.length <= 4);
  }
  t.equal(steps, 3);
});

t.test(
  'separateValues rejects a write whose file cannot be written, and all later ones',
  async (t) => {
    const rig = new Rig(1, 2);
    const db = await rig.home().openCurrent();
    rig.disk.setKnobs({ capacityBytes: 10 });
    await t.rejects(db.write([put('a', 'xx')], { sync: false }), { code: 'no-space' });
    await t.rejects(db.write([put('b', '')], { sync: false }), { code: 'no-space' });
  },
);

t.test('separateValues on LevelDB leaves no file that nothing refers to', async (t) => {
  const dir = makeDir(t);
  const db = await levelHome(dir).openCurrent();
  await db.write([put('a', 'xx')], { sync: true });
  await db.write([put('b', 'yy')], { sync: true });
  await db.write([del('a')], { sync: false });
  t.equal(readdirSync(join(dir, 'db/values')).length, 1);
  await db.close();
  const again = await levelHome(dir).openCurrent();
  t.same(await contents(again), ['b=yy']);
  await again.close();
});

/**
 * Random batches, with power failures at random moments: after each the database holds the state after some batch that is not
 * older than the last synced one, with all values, and the folder holds no file that is of no use.
 */
t.test('separateValues survives power failures', async (t) => {
  for (let seed = 1; seed <= 60; seed++) await crashRun(t, seed);
});

async function crashRun(t: Test, seed: number): Promise<void> {
  const prng = new Prng(seed);
  const rig = new Rig(seed, prng.pick([1, 5, 20]));
  let db = await rig.home().openCurrent();
  /** The states that the database may be in: that of the last sync, and those after it. */
  let states: ReadonlyMap<string, string>[] = [new Map()];
  for (let i = 0; i < 60; i++) {
    const next = new Map(states.at(-1)!);
    const batch = Array.from({ length: prng.int(0, 5) }, () => randomWrite(prng, next, i));
    const sync = prng.chance(0.2);
    const written = db.write(batch, { sync });
    states.push(next);
    if (prng.chance(0.1)) {
      // In the middle of the write.
      for (let turns = prng.int(0, 12); turns > 0; turns--) await Promise.resolve();
    } else {
      await written;
      if (sync) states = [next];
      if (!prng.chance(0.1)) continue;
    }
    rig.disk.crash();
    rig.db.crash();
    db = await rig.home().openCurrent();
    const found = await contents(db);
    const match = states.find((state) => sameState(state, found));
    if (match === undefined) {
      t.fail(
        `seed ${seed}, step ${i}: after a power failure the database holds ${found.join(' ')}`,
      );
      return;
    }
    states = [match];
  }
  await db.write([...states.at(-1)!.keys()].map(del), { sync: false });
  t.same(rig.disk.paths(), [], `seed ${seed}: files that are of no use`);
}

function randomWrite(prng: Prng, model: Map<string, string>, step: number): DbWrite {
  const key = `k${prng.int(0, 6)}`;
  if (prng.chance(0.3)) {
    model.delete(key);
    return del(key);
  }
  const value = `${step}.${'x'.repeat(prng.int(0, 1500))}`;
  model.set(key, value);
  return put(key, value);
}

function sameState(state: ReadonlyMap<string, string>, found: readonly string[]): boolean {
  const expected = [...state].map(([key, value]) => `${key}=${value}`).sort();
  return expected.length === found.length && expected.every((entry, i) => entry === found[i]);
}

async function contents(db: Pick<OrderedDb, 'iterate'>): Promise<string[]> {
  const found: string[] = [];
  for await (const step of db.iterate(everything)) {
    for (const [key, value] of step) {
      found.push(`${Buffer.from(key).toString('latin1')}=${Buffer.from(value).toString('latin1')}`);
    }
  }
  return found;
}
