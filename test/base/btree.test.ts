import t from 'tap';
import { BTree } from '../../src/base/btree.js';
import { Prng } from '../../src/base/prng.js';

/** The dumb model: a sorted array of entries, each counted or not. */
class Model {
  readonly entries = new Map<string, { counted: boolean; id: number }>();
  between(lower: string, upper: string | null): [string, { counted: boolean; id: number }][] {
    return [...this.entries]
      .filter(([key]) => key >= lower && (upper === null || key < upper))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

const seeds = [1, 2, 3, 4, 5, 6];
for (const seed of seeds) {
  t.test(`BTree agrees with a sorted array on random operations, seed ${seed}`, async (t) => {
    const prng = new Prng(seed);
    const model = new Model();
    const tree = new BTree<{ counted: boolean; id: number }>((value) => value.counted);
    const keySpace = [8, 200, 5000][seed % 3]!;
    const randomKey = () =>
      Buffer.from([prng.int(0, 256), prng.int(0, keySpace)]).toString('latin1') +
      prng.int(0, keySpace);
    for (let step = 0; step < 12_000; step++) {
      // Grows for a while, then shrinks, so that nodes split and join.
      const growing = step % 6000 < 4000;
      const key = randomKey();
      const known = model.entries.get(key);
      if (prng.chance(0.2) && known !== undefined) {
        known.counted = !known.counted;
        tree.recount(key, known.counted ? 1 : -1);
      } else if (prng.chance(growing ? 0.8 : 0.1)) {
        const value = { counted: prng.chance(0.7), id: step };
        model.entries.set(key, value);
        tree.set(key, value);
      } else {
        const victim = prng.chance(0.7) ? (tree.seek(key).valid ? tree.seek(key).key : key) : key;
        if (tree.delete(victim) !== model.entries.delete(victim)) t.fail(`delete at step ${step}`);
      }
      if (step % 500 === 0) {
        tree.check();
        compare(t, tree, model, prng, randomKey);
      }
    }
    tree.check();
    compare(t, tree, model, prng, randomKey);
    for (const key of [...model.entries.keys()]) {
      model.entries.delete(key);
      tree.delete(key);
    }
    tree.check();
    t.equal(tree.size, 0);
    t.equal(tree.counted, 0);
    t.notOk(tree.seek('').valid);
    t.notOk(tree.seekBefore(null).valid);
  });
}

function compare(
  t: Pick<typeof import('tap').t, 'same' | 'equal' | 'fail'>,
  tree: BTree<{ counted: boolean; id: number }>,
  model: Model,
  prng: Prng,
  randomKey: () => string,
): void {
  const lower = prng.chance(0.2) ? '' : randomKey();
  const upper = prng.chance(0.2) ? null : randomKey();
  const expected = model.between(lower, upper);
  const forward: string[] = [];
  for (const at = tree.seek(lower); at.valid && (upper === null || at.key < upper); at.next()) {
    forward.push(at.key);
    if (at.value !== model.entries.get(at.key)) t.fail('a cursor shows another value');
  }
  const backward: string[] = [];
  for (const at = tree.seekBefore(upper); at.valid && at.key >= lower; at.previous()) {
    backward.push(at.key);
  }
  t.same(
    forward,
    expected.map(([key]) => key),
    'forward',
  );
  t.same(backward, expected.map(([key]) => key).reverse(), 'backward');
  t.equal(tree.countBetween(lower, upper), expected.filter(([, value]) => value.counted).length);
  t.equal(tree.size, model.entries.size);
  const key = randomKey();
  t.equal(tree.get(key), model.entries.get(key));
}

t.test('BTree keeps byte order for latin1 keys with high bytes', async (t) => {
  const tree = new BTree<number>();
  const keys = [[0xff], [0x80], [0x7f], [0], [], [0, 0], [0xff, 0]].map((bytes) =>
    Buffer.from(bytes),
  );
  keys.forEach((key, i) => {
    tree.set(key.toString('latin1'), i);
  });
  const seen: string[] = [];
  for (const at = tree.seek(''); at.valid; at.next())
    seen.push(Buffer.from(at.key, 'latin1').toString('hex'));
  t.same(
    seen,
    [...keys].sort(Buffer.compare).map((key) => key.toString('hex')),
  );
});

t.test('BTree stays dense when keys arrive in order', async (t) => {
  const tree = new BTree<number>();
  for (let i = 0; i < 10_000; i++) tree.set(String(i).padStart(6, '0'), i);
  tree.check();
  t.equal(tree.countBetween('000100', '009900'), 9800);
});

t.test('BTree.fill makes the tree that inserting makes, at every size', async (t) => {
  for (const size of [0, 1, 2, 55, 56, 57, 63, 64, 65, 112, 3000, 3136, 3137, 20_000]) {
    const keys = Array.from({ length: size }, (_, i) => String(i).padStart(6, '0'));
    const tree = new BTree<number>((value) => value % 3 === 0);
    tree.fill(
      keys,
      keys.map((_, i) => i),
    );
    t.ok(tree.check(), `${size}`);
    t.equal(tree.size, size);
    t.equal(tree.counted, Math.ceil(size / 3));
    const found: string[] = [];
    for (const cursor = tree.seek(''); cursor.valid; cursor.next()) found.push(cursor.key);
    t.same(found, keys);
    tree.set('000000x', 3);
    for (const key of keys) tree.delete(key);
    t.ok(tree.check());
    t.equal(tree.get('000000x'), 3);
    t.equal(tree.size, 1);
  }
});
