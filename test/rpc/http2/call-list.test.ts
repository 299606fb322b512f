import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { CallList } from '../../../src/rpc/http2/call-list.js';

class Item {
  listPlace = -1;
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

const seed = Number(process.env.FLOTILLA_SEED ?? 3);

t.test('CallList holds what a Set holds, whatever comes and goes', async (t) => {
  const prng = new Prng(seed);
  const [list, set] = [new CallList<Item>(), new Set<Item>()];
  const all = Array.from({ length: 40 }, (_, id) => new Item(id));
  for (let step = 0; step < 2000; step++) {
    const item = prng.pick(all);
    if (set.has(item) || prng.int(0, 3) === 0) {
      list.delete(item);
      set.delete(item);
    } else {
      list.add(item);
      set.add(item);
    }
    const ids = (items: Iterable<Item>) => [...items].map(({ id }) => id).sort((a, b) => a - b);
    if (list.size === set.size && String(ids(list)) === String(ids(set))) continue;
    t.fail(`step ${step} of seed ${seed}: ${ids(list)} are not ${ids(set)}`);
    return;
  }
  t.pass('all steps agree');
});

t.test('CallList can be emptied while it is gone through', async (t) => {
  const list = new CallList<Item>();
  const items = [1, 2, 3].map((id) => new Item(id));
  for (const item of items) list.add(item);
  const seen: number[] = [];
  for (const item of list) {
    seen.push(item.id);
    for (const each of items) list.delete(each);
  }
  t.same(seen, [1, 2, 3]);
  t.equal(list.size, 0);
});

t.test('CallList refuses what is in it already, and what is in another', async (t) => {
  const [list, other, item] = [new CallList<Item>(), new CallList<Item>(), new Item(1)];
  list.add(item);
  t.throws(() => list.add(item));
  other.add(new Item(2));
  t.throws(() => other.delete(item));
});
