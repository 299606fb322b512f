import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { StreamTable } from '../../../src/rpc/http2/stream-table.js';

interface Stream {
  readonly id: number;
}

const ids = (table: StreamTable<Stream>) => table.values().map(({ id }) => id);
const ascending = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);

t.test('StreamTable has what was added and not deleted, as a Map does', async (t) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const prng = new Prng(seed);
    const table = new StreamTable<Stream>();
    const oracle = new Map<number, Stream>();
    let lastId = -1;
    for (let step = 0; step < 5000; step++) {
      if (prng.chance(0.5) && oracle.size < 100) {
        // Mostly the next identifier; sometimes one far off, which may be as any other modulo a power of two.
        lastId += prng.chance(0.9) ? 2 : 2 * prng.int(1, 5000);
        const stream = { id: lastId };
        table.add(stream);
        oracle.set(lastId, stream);
      } else {
        const known = ascending(oracle.keys());
        const id = prng.chance(0.8) ? (known[prng.int(0, Math.max(1, known.length))] ?? 1) : 7;
        table.delete(id);
        oracle.delete(id);
      }
      const id = prng.int(0, lastId + 3);
      if (table.get(id) !== oracle.get(id) || table.size !== oracle.size) {
        t.fail(`seed ${seed}, step ${step}: stream ${id}`);
        return;
      }
    }
    t.same(ascending(ids(table)), ascending(oracle.keys()), `seed ${seed}`);
  }
});

t.test('StreamTable tells streams apart whose identifiers share a place', async (t) => {
  const table = new StreamTable<Stream>();
  const streams = [1, 1 + 2 ** 16, 1 + 2 ** 17, 2 ** 31 - 1].map((id) => ({ id }));
  for (const stream of streams) table.add(stream);
  for (const stream of streams) t.equal(table.get(stream.id), stream);
  t.equal(table.get(1 + 2 ** 18), undefined);
  table.delete(1);
  t.equal(table.get(1), undefined);
  t.equal(table.size, 3);
  t.same(ascending(ids(table)), [1 + 2 ** 16, 1 + 2 ** 17, 2 ** 31 - 1]);
});

t.test('StreamTable lists what it had: streams may be deleted meanwhile', async (t) => {
  const table = new StreamTable<Stream>();
  for (let id = 1; id < 100; id += 2) table.add({ id });
  for (const { id } of table.values()) table.delete(id);
  t.equal(table.size, 0);
  t.same(table.values(), []);
});
