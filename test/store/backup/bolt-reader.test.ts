import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { fromLatin1 } from '../../../src/base/bytes.js';
import { Prng } from '../../../src/base/prng.js';
import { BoltFile } from '../../../src/store/backup/bolt-file.js';
import { BoltReader } from '../../../src/store/backup/bolt-reader.js';
import { EtcdDataError } from '../../../src/store/backup/errors.js';
import { SimDisk } from '../../sim/disk.js';
import { instantClock } from '../../sim/instant-clock.js';

type Buckets = ReadonlyMap<string, readonly (readonly [key: string, value: string])[]>;

/** A file with these buckets. */
async function written(buckets: Buckets): Promise<Uint8Array> {
  const disk = new SimDisk(new Prng(1), instantClock).mount();
  const file = await disk.open('db', { create: true });
  const bolt = new BoltFile(file);
  for (const [name, entries] of buckets) {
    await bolt.addBucket(
      name,
      entries.map(([key, value]) => [fromLatin1(key), fromLatin1(value)] as const),
    );
  }
  return file.read(0, await bolt.finish());
}

function fileOf(bytes: Uint8Array) {
  return {
    reads: 0,
    async read(position: number, length: number) {
      this.reads++;
      return bytes.slice(position, position + length);
    },
  };
}

/** All that a file says, or the error that it is refused with. */
async function contentOf(bytes: Uint8Array): Promise<unknown> {
  try {
    const reader = await BoltReader.open(fileOf(bytes));
    const found = new Map<string, [string, string][]>();
    for (const name of reader.names) {
      const entries: [string, string][] = [];
      for await (const [key, value] of reader.entries(name)) {
        entries.push([Buffer.from(key).toString('latin1'), Buffer.from(value).toString('latin1')]);
      }
      found.set(name, entries);
    }
    return found;
  } catch (error) {
    if (error instanceof EtcdDataError) return error.code;
    throw error;
  }
}

function randomBuckets(prng: Prng, counts: readonly number[]): Buckets {
  const text = (lengthMax: number) =>
    String.fromCharCode(...Array.from({ length: prng.int(1, lengthMax) }, () => prng.int(0, 256)));
  const names = ['auth', 'empty', 'key', 'meta'];
  return new Map(
    names.map((name) => {
      const count = name === 'empty' ? 0 : prng.pick(counts);
      const keys = new Set(Array.from({ length: count }, () => text(20)));
      const entries = [...keys].sort().map((key) => {
        return [key, text(prng.pick([2, 30, prng.chance(0.01) ? 20_000 : 40]))] as const;
      });
      return [name, entries];
    }),
  );
}

t.test('BoltReader reads what BoltFile has written', async (t) => {
  const seed = Number(process.env.SEED ?? 5);
  const prng = new Prng(seed);
  for (let round = 0; round < 3; round++) {
    const buckets = randomBuckets(prng, [1, 5, 400, 1500]);
    const bytes = await written(buckets);
    // Comparing tens of thousands of entries takes tap long.
    t.ok(isDeepStrictEqual(await contentOf(bytes), buckets), `seed ${seed}, round ${round}`);
    const reader = await BoltReader.open(fileOf(bytes));
    t.equal(reader.sizeBytes, bytes.length);
    t.same(await collect(reader.entries('none')), [], 'no such bucket');
  }
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

t.test(
  'BoltReader goes by the newer of two heads, and by the other when that is damaged',
  async (t) => {
    const buckets = new Map([['b', [['k', 'v']] as const]]);
    const bytes = await written(buckets);
    for (const at of [16 + 20, 4096 + 16 + 20]) {
      const damaged = bytes.slice();
      damaged[at] = 0xff;
      t.strictSame(await contentOf(damaged), buckets, `head damaged at ${at}`);
    }
    const both = bytes.slice();
    both[16] = 0;
    both[4096 + 16] = 0;
    t.equal(await contentOf(both), 'format');
    t.equal(await contentOf(new Uint8Array(0)), 'format');
    t.equal(await contentOf(Buffer.from('SQLite format 3')), 'format');
    t.equal(await contentOf(bytes.subarray(0, 3 * 4096)), 'damaged', 'cut off');
  },
);

t.test('BoltReader refuses what is damaged, and nothing keeps it busy', async (t) => {
  const seed = Number(process.env.SEED ?? 6);
  const prng = new Prng(seed);
  const bytes = await written(randomBuckets(prng, [60]));
  // The heads have a checksum; what they lead to has none.
  const from = 3 * 4096;
  let refused = 0;
  for (let round = 0; round < 100; round++) {
    const damaged = bytes.slice();
    const pages = Math.floor((bytes.length - from) / 4096);
    for (let change = prng.int(1, 4); change > 0; change--) {
      // Most changes go to where pages say what they are.
      const page = from + prng.int(0, pages) * 4096;
      const offset = prng.chance(0.8) ? prng.int(0, 64) : prng.int(0, 4096);
      damaged[page + offset] = prng.int(0, 256);
    }
    const content = await contentOf(damaged);
    if (typeof content === 'string') refused++;
    t.ok(content === 'damaged' || content instanceof Map, `seed ${seed}, round ${round}`);
  }
  t.ok(refused > 15, `${refused} were refused`);
});

t.test('BoltReader refuses a tree that leads to itself', async (t) => {
  const entries = Array.from(
    { length: 3000 },
    (_, i) => [String(i).padStart(6, '0'), 'v'] as const,
  );
  const bytes = Buffer.from(await written(new Map([['b', entries]])));
  for (let page = 3 * 4096; page < bytes.length; page += 4096) {
    const isBranch = bytes.readUInt16LE(page + 8) === 1;
    // Its first child is itself.
    if (isBranch) bytes.writeBigUInt64LE(bytes.readBigUInt64LE(page), page + 16 + 8);
  }
  t.equal(await contentOf(bytes), 'damaged');
});
