import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { RevisionTail } from '../../../src/store/mvcc/revision-tail.js';
import {
  packBytesMax,
  packRecordsMax,
  trailerOf,
  withTrailer,
} from '../../../src/store/schema/revision-pack.js';

const value = (size: number) => new Uint8Array(size).fill(7);
const put = (main: number, size: number) => ({
  key: new Uint8Array([main % 256]),
  createRevision: 1,
  modRevision: main,
  version: 1,
  value: value(size),
  lease: 0n,
});

t.test('RevisionTail finds every record that it has not dropped, against a map', async (t) => {
  for (let seed = 1; seed <= 10; seed++) {
    const prng = new Prng(seed);
    const tail = new RevisionTail(prng.pick([1, 40_000, 10_000_000]));
    const model = new Map<string, Buffer>();
    let main = 1;
    let flushed = 0;
    for (let step = 0; step < 800; step++) {
      main++;
      const count = prng.chance(0.1) ? prng.int(1, 40) : 1;
      for (let sub = 0; sub < count; sub++) {
        const at = { main, sub };
        const size = prng.chance(0.02) ? 6000 : prng.int(0, 50);
        const record = prng.chance(0.2)
          ? tail.appendTombstone(at, new Uint8Array([1]))
          : tail.appendPut(at, put(main, size));
        model.set(`${main}.${sub}`, Buffer.from(record));
      }
      if (prng.chance(0.2)) {
        flushed = prng.int(flushed, main + 1);
        tail.onFlushed(flushed);
      }
    }
    for (const [at, record] of model) {
      const [m, s] = at.split('.').map(Number) as [number, number];
      const found = tail.find(m, s);
      if (found === undefined) {
        if (m > flushed || m >= tail.firstComplete) t.fail(`seed ${seed}: ${at} is missing`);
      } else if (Buffer.compare(found, record) !== 0) t.fail(`seed ${seed}: ${at} differs`);
    }
    t.equal(tail.find(main + 1, 0), undefined);
    t.equal(tail.find(1, 0), undefined);
    compareScan(t, tail, model, main);
  }
});

function compareScan(
  t: Pick<typeof import('tap').t, 'same'>,
  tail: RevisionTail,
  model: Map<string, Buffer>,
  last: number,
): void {
  for (const from of [tail.firstComplete, tail.firstComplete + 3, last, last + 1]) {
    const seen: string[] = [];
    tail.scan(from, (main, sub) => {
      seen.push(`${main}.${sub}`);
      return true;
    });
    t.same(
      seen,
      [...model.keys()].filter((at) => Number(at.split('.')[0]) >= from),
    );
  }
}

t.test(
  'RevisionTail drops the oldest first, and nothing that is not in the database',
  async (t) => {
    const tail = new RevisionTail(64 * 1024);
    for (let main = 2; main < 502; main++) tail.appendPut({ main, sub: 0 }, put(main, 1000));
    t.ok(tail.bytes > 500_000, 'over budget, for nothing is flushed');
    t.equal(tail.firstComplete, 2);
    tail.onFlushed(100);
    t.ok(tail.firstComplete > 80 && tail.firstComplete <= 101, `${tail.firstComplete}`);
    tail.onFlushed(501);
    t.ok(tail.bytes <= 64 * 1024);
    t.ok(tail.find(501, 0) !== undefined);
  },
);

t.test('RevisionTail.firstComplete never names half a revision', async (t) => {
  const tail = new RevisionTail(32 * 1024);
  for (let sub = 0; sub < 200; sub++) tail.appendPut({ main: 2, sub }, put(2, 1000));
  t.equal(tail.firstComplete, 2);
  for (let main = 3; main < 10; main++) tail.appendPut({ main, sub: 0 }, put(main, 1000));
  tail.onFlushed(9);
  t.ok(tail.find(2, 0) === undefined);
  t.ok(tail.firstComplete > 2);
});

t.test('RevisionTail keeps records intact when later ones are appended', async (t) => {
  const tail = new RevisionTail(1);
  const records = [2, 3, 4].map((main) => tail.appendPut({ main, sub: 0 }, put(main, 10)));
  const copies = records.map((record) => Buffer.from(record));
  for (let main = 5; main < 2000; main++) tail.appendPut({ main, sub: 0 }, put(main, 10));
  tail.onFlushed(1999);
  t.same(
    records.map((record) => Buffer.from(record)),
    copies,
  );
});

t.test(
  'RevisionTail.packs and stretchesAfter cut what was appended, and lose nothing',
  async (t) => {
    for (let seed = 1; seed <= 20; seed++) {
      const prng = new Prng(seed);
      const tail = new RevisionTail(10_000_000);
      const all: { main: number; sub: number; record: Buffer }[] = [];
      let main = 1;
      for (let step = 0; step < 500; step++) {
        main++;
        const count = prng.chance(0.05) ? prng.int(1, 1500) : 1;
        for (let sub = 0; sub < count; sub++) {
          const size = prng.chance(0.02) ? 60_000 : prng.int(0, 500);
          const record = tail.appendPut({ main, sub }, put(main, size));
          all.push({ main, sub, record: Buffer.from(record) });
        }
      }
      const after = prng.int(1, main);
      const upTo = prng.int(after, main + 1);
      const wanted = all.filter((item) => item.main > after && item.main <= upTo);
      const packs = tail.packs(after, upTo);
      t.ok(Buffer.concat(packs.map(({ bytes }) => bytes)).equals(join(wanted)), `seed ${seed}`);
      let at = 0;
      for (const pack of packs) {
        t.same([pack.main, pack.sub], [wanted[at]?.main, wanted[at]?.sub]);
        t.ok(pack.bytes.length <= packBytesMax || pack.count === 1);
        t.ok(pack.count <= packRecordsMax);
        at += pack.count;
      }
      t.equal(at, wanted.length);
      const rest = all.filter((item) => item.main > after);
      t.ok(Buffer.concat([...tail.stretchesAfter(after)]).equals(join(rest)), `seed ${seed}`);
      const copy = new RevisionTail(10_000_000);
      for (const { bytes, count } of packs) {
        at -= count;
        copy.appendStored(bytes, wanted[wanted.length - at - 1]!.main);
      }
      for (const item of wanted) t.ok(item.record.equals(copy.find(item.main, item.sub)!));
    }
  },
);

t.test(
  'RevisionTail.packs gives a large pack room for a trailer, which nothing is written over',
  async (t) => {
    const tail = new RevisionTail(10_000_000);
    const large = Buffer.from(tail.appendPut({ main: 2, sub: 0 }, put(2, 1_200_000)));
    const [pack] = tail.packs(1, 2);
    t.equal(pack?.hasRoom, true);
    const sealed = withTrailer(pack!, { index: 7, term: 3, revision: 2, hash: 5n });
    t.equal(sealed.buffer, pack!.bytes.buffer, 'not copied');
    const before = Buffer.from(sealed);
    for (let main = 3; main < 20; main++) tail.appendPut({ main, sub: 0 }, put(main, 1));
    t.ok(before.equals(sealed));
    t.ok(large.equals(tail.find(2, 0)!));
    t.equal(trailerOf(sealed, { main: 2, sub: 0 })?.index, 7);
  },
);

t.test('RevisionTail.packs leaves a pack without room that more is appended behind', async (t) => {
  const tail = new RevisionTail(10_000_000);
  tail.appendPut({ main: 2, sub: 0 }, put(2, 600_000));
  tail.appendPut({ main: 3, sub: 0 }, put(3, 1));
  t.same(
    tail.packs(1, 3).map(({ hasRoom }) => hasRoom),
    [false, false],
  );
});

function join(items: readonly { record: Buffer }[]): Buffer {
  return Buffer.concat(items.map(({ record }) => record));
}
