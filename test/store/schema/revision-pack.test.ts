import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import {
  findInPack,
  isDead,
  markDead,
  noneDead,
  PackCursor,
  trailerOf,
  withTrailer,
} from '../../../src/store/schema/revision-pack.js';
import {
  recordBytesMax,
  writePutRecord,
  writeTombstone,
} from '../../../src/store/schema/revision-record.js';

interface Sample {
  readonly main: number;
  readonly sub: number;
  readonly record: Uint8Array;
}

/** Records of ascending revisions. */
function randomRecords(prng: Prng): Sample[] {
  let main = prng.int(2, 100);
  let sub = 0;
  return Array.from({ length: prng.int(1, 30) }, () => {
    if (prng.chance(0.5)) sub += prng.int(1, 4);
    else {
      main += prng.int(1, 4);
      sub = 0;
    }
    const key = prng.bytes(prng.int(1, 9));
    const target = new Uint8Array(recordBytesMax(key.length, 50));
    const value = prng.bytes(prng.int(0, 50));
    const put = { key, value, createRevision: 1, modRevision: main, version: 1, lease: 0n };
    const end = prng.chance(0.3)
      ? writeTombstone(target, 0, sub, key, main)
      : writePutRecord(target, 0, sub, put);
    return { main, sub, record: target.slice(0, end) };
  });
}

const packOf = (samples: readonly Sample[]) =>
  new Uint8Array(Buffer.concat(samples.map(({ record }) => record)));
const applied = { index: 9, term: 3, revision: 7, hash: 2n ** 64n - 1n };

t.test(
  'PackCursor and findInPack give back what was packed, with a trailer or without',
  async (t) => {
    for (let seed = 1; seed <= 200; seed++) {
      const prng = new Prng(seed);
      const samples = randomRecords(prng);
      const start = samples[0]!;
      const plain = packOf(samples);
      const hasTrailer = prng.chance(0.5);
      const pack = hasTrailer ? withTrailer({ bytes: plain, hasRoom: false }, applied) : plain;
      const cursor = new PackCursor(pack, start);
      const found: Sample[] = [];
      while (cursor.next()) {
        found.push({ main: cursor.main, sub: cursor.sub, record: cursor.record.slice() });
      }
      t.same(found, samples, `seed ${seed}`);
      t.same(trailerOf(pack, start), hasTrailer ? applied : null);
      for (const { main, sub, record } of samples) {
        t.same(findInPack(pack, start, { main, sub }), record);
      }
      const last = samples.at(-1)!;
      t.equal(findInPack(pack, start, { main: last.main, sub: last.sub + 1 }), undefined);
      t.equal(findInPack(pack, start, { main: 1, sub: 0 }), undefined);
    }
  },
);

t.test('PackCursor refuses a pack that is cut or does not ascend', async (t) => {
  const samples = randomRecords(new Prng(3));
  const start = samples[0]!;
  const pack = withTrailer({ bytes: packOf(samples), hasRoom: false }, applied);
  const ends = new Set<number>();
  let end = 0;
  for (const { record } of samples) {
    end += record.length;
    ends.add(end);
  }
  for (let length = 1; length < pack.length; length++) {
    if (ends.has(length)) continue;
    const cut = pack.subarray(0, length);
    t.throws(() => trailerOf(cut, start), { code: 'damaged', message: /start again/ }, `${length}`);
  }
  t.throws(() => trailerOf(packOf([...samples].reverse()), samples.at(-1)!), { code: 'damaged' });
  t.throws(() => trailerOf(packOf([start, start]), start), { code: 'damaged' });
  t.throws(() => trailerOf(pack, { main: start.main + 1, sub: 0 }), { code: 'damaged' });
});

t.test('dead bits keep what is marked', async (t) => {
  const prng = new Prng(1);
  for (const count of [1, 7, 8, 9, 1024]) {
    const bits = noneDead(count);
    const marked = new Set<number>();
    for (let i = 0; i < count; i++) {
      if (!prng.chance(0.5)) continue;
      marked.add(i);
      markDead(bits, i);
    }
    for (let i = 0; i < count + 10; i++)
      t.equal(isDead(bits, i), marked.has(i), `${i} of ${count}`);
    t.equal(isDead(undefined, 0), false);
  }
});
