import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { type Due, DueHeap } from '../../../src/store/lease/due-heap.js';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

t.test(`DueHeap always has the earliest ahead (SEED=${seed})`, async (t) => {
  const prng = new Prng(seed);
  const heap = new DueHeap<Due>();
  const items: Due[] = [];
  for (let step = 0; step < 20_000; step++) {
    const dice = prng.int(0, 4);
    if (dice <= 1 || items.length === 0) {
      const item = { dueMs: prng.int(0, 1000), slot: -1 };
      items.push(item);
      heap.insert(item);
    } else if (dice === 2) {
      heap.move(prng.pick(items), prng.int(0, 1000));
    } else {
      const item = items.splice(prng.int(0, items.length), 1)[0]!;
      heap.remove(item);
    }
    const earliest = items.length === 0 ? undefined : Math.min(...items.map((item) => item.dueMs));
    if (heap.size !== items.length || heap.peek()?.dueMs !== earliest) {
      throw new Error(
        `step ${step}: ${heap.size} items, first ${heap.peek()?.dueMs}; not ${items.length}, ${earliest}`,
      );
    }
    if (items.length > 200) for (const item of items.splice(0, 150)) heap.remove(item);
  }
  heap.clear();
  t.equal(heap.peek(), undefined);
  t.ok(items.every((item) => item.slot === -1));
});

t.test('DueHeap refuses items that are not its own', async (t) => {
  const heap = new DueHeap<Due>();
  const item = { dueMs: 1, slot: -1 };
  t.throws(() => heap.remove(item), { name: 'AssertionError' });
  heap.insert(item);
  t.throws(() => heap.insert(item), { name: 'AssertionError' });
  t.throws(() => heap.move({ dueMs: 1, slot: 0 }, 2), { name: 'AssertionError' });
});
