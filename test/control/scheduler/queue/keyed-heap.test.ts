import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { KeyedHeap } from '../../../../src/control/scheduler/queue/keyed-heap.js';

interface Item {
  readonly key: string;
  readonly rank: number;
  readonly order: number;
}

t.test('KeyedHeap gives the same as sorting, whatever goes in and out', (t) => {
  const seed = 20261121;
  const prng = new Prng(seed);
  const heap = new KeyedHeap<Item>(
    ({ key }) => key,
    (a, b) => a.rank - b.rank,
  );
  let dumb: Item[] = [];
  for (let step = 0; step < 3000; step++) {
    const kind = prng.int(0, 10);
    if (kind < 5) {
      const item = { key: `key-${step}`, rank: prng.int(0, 20), order: step };
      heap.push(item);
      dumb.push(item);
    } else if (kind < 8) {
      const first = [...dumb].sort((a, b) => a.rank - b.rank || a.order - b.order)[0];
      t.equal(heap.peek(), first, `seed ${seed}, step ${step}`);
      t.equal(heap.pop(), first, `seed ${seed}, step ${step}`);
      dumb = dumb.filter((item) => item !== first);
    } else if (dumb.length > 0) {
      const item = prng.pick(dumb);
      t.equal(heap.get(item.key), item);
      t.equal(heap.remove(item.key), item);
      dumb = dumb.filter((other) => other !== item);
    }
    if (heap.size !== dumb.length) t.fail(`seed ${seed}, step ${step}: ${heap.size}`);
  }
  t.end();
});

t.test('KeyedHeap refuses a key twice, and knows none that is gone', (t) => {
  const heap = new KeyedHeap<string>(
    (item) => item,
    () => 0,
  );
  heap.push('a');
  t.throws(() => heap.push('a'), /has a already/);
  t.equal(heap.remove('b'), undefined);
  t.equal(heap.pop(), 'a');
  t.equal(heap.pop(), undefined);
  t.end();
});
