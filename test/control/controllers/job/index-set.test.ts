import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { IndexSet } from '../../../../src/control/controllers/job/index-set.js';

const texts: readonly (readonly [
  text: string,
  completions: number,
  written: string,
  size: number,
])[] = [
  ['', 5, '', 0],
  ['0', 5, '0', 1],
  ['0,1', 5, '0,1', 2],
  ['0-2', 5, '0-2', 3],
  ['0,1,2,4', 5, '0-2,4', 4],
  ['1,3-5,7', 9, '1,3-5,7', 5],
  // A job that shrank.
  ['1,3-5,7', 4, '1,3', 2],
  ['1,x,3', 9, '1', 1],
];

for (const [text, completions, written, size] of texts) {
  t.test(`IndexSet.parse: ${JSON.stringify(text)} below ${completions}`, async (t) => {
    const set = IndexSet.parse(text, completions);
    t.equal(set.toString(), written);
    t.equal(set.size, size);
  });
}

t.test('IndexSet does what a set of numbers does', async (t) => {
  const seed = Number(process.env.SEED ?? 3);
  const prng = new Prng(seed);
  const draw = () => {
    const numbers = new Set<number>();
    for (let left = prng.int(0, 30); left > 0; left--) numbers.add(prng.int(0, 40));
    return numbers;
  };
  for (let round = 0; round < 300; round++) {
    const [a, b] = [draw(), draw()];
    const union = IndexSet.of(a).union(IndexSet.of(b));
    const expected = [...new Set([...a, ...b])].sort((x, y) => x - y);
    const found = Array.from({ length: 45 }, (_, index) => index).filter((index) =>
      union.has(index),
    );
    const shared = [...a].filter((index) => b.has(index)).length;
    const missing = Array.from({ length: 40 }, (_, index) => index).filter(
      (index) => !expected.includes(index),
    );
    const isRight =
      JSON.stringify(found) === JSON.stringify(expected) &&
      union.size === expected.length &&
      IndexSet.of(a).countShared(IndexSet.of(b)) === shared &&
      JSON.stringify(union.firstMissing(7, 40)) === JSON.stringify(missing.slice(0, 7)) &&
      IndexSet.parse(union.toString(), 100).toString() === union.toString();
    if (!isRight) t.fail(`${union} is not ${expected.join(',')}, SEED=${seed}`);
  }
  t.pass();
});
