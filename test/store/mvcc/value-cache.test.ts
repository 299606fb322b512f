import t from 'tap';
import { ValueCache } from '../../../src/store/mvcc/value-cache.js';

const record = (size: number) => new Uint8Array(size);

t.test('ValueCache gives up the least recently used when its budget is spent', async (t) => {
  // Four records of 1000 bytes fit, with what each costs beside.
  const cache = new ValueCache(4 * 1200);
  for (let main = 1; main <= 4; main++) cache.set(main, 0, record(1000));
  t.ok(cache.get(1, 0), 'now 2 is the oldest');
  cache.set(5, 0, record(1000));
  t.same(
    [1, 2, 3, 4, 5].filter((main) => cache.get(main, 0) !== undefined),
    [1, 3, 4, 5],
  );
});

t.test('ValueCache tells revisions apart and keeps the first record of each', async (t) => {
  const cache = new ValueCache(1_000_000);
  const first = record(1);
  cache.set(1, 1, first);
  cache.set(1, 1, record(2));
  cache.set(2, 0, record(3));
  t.equal(cache.get(1, 1), first);
  t.equal(cache.get(2, 0)?.length, 3);
  t.equal(cache.get(1, 0), undefined);
  t.equal(cache.get(1, 1025), undefined, 'no revision shares a place with another');
});

t.test(
  'ValueCache passes over what would push out all the rest, and revisions too large for its keys',
  async (t) => {
    const cache = new ValueCache(10_000);
    cache.set(1, 0, record(5000));
    cache.set(2, 5000, record(1));
    cache.set(2 ** 43, 0, record(1));
    t.equal(cache.get(1, 0), undefined);
    t.equal(cache.get(2, 5000), undefined);
    t.equal(cache.get(2 ** 43, 0), undefined);
  },
);
