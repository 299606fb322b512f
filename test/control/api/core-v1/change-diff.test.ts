import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { changeDiff } from '../../../../src/control/api/core-v1/change-diff.js';
import { testSeed } from '../seed.js';

t.test('changeDiff shows changes with three lines around them', async (t) => {
  const before = { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 };
  t.equal(
    changeDiff(before, { ...before, d: 0 }),
    [
      '@@ -2,7 +2,7 @@',
      '   "a": 1,',
      '   "b": 2,',
      '   "c": 3,',
      '-  "d": 4,',
      '+  "d": 0,',
      '   "e": 5,',
      '   "f": 6,',
      '   "g": 7',
      '',
    ].join('\n'),
  );
  t.equal(changeDiff(before, before), '');
  t.equal(changeDiff({ b: [{ d: 1, c: 2 }], a: 1 }, { a: 1, b: [{ c: 2, d: 1 }] }), '');
  t.equal(changeDiff(undefined, 1), '@@ -1 +1 @@\n-null\n+1\n');
  t.equal(changeDiff([], [1]), '@@ -1 +1,3 @@\n-[]\n+[\n+  1\n+]\n');
});

/** What a text becomes by a diff: the dumb way, line by line. */
function patched(before: readonly string[], diff: string): string[] {
  const after: string[] = [];
  let at = 0;
  for (const line of diff.split('\n').slice(0, -1)) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (hunk !== null) {
      const start = hunk[2] === '0' ? Number(hunk[1]) : Number(hunk[1]) - 1;
      after.push(...before.slice(at, start));
      at = start;
      continue;
    }
    const text = line.slice(1);
    if (line[0] !== '+' && before[at] !== text) throw new Error(`line ${at} is not ${text}`);
    if (line[0] !== '+') at += 1;
    if (line[0] !== '-') after.push(text);
  }
  return [...after, ...before.slice(at)];
}

t.test('changeDiff says all that is needed to make the second value of the first', async (t) => {
  const seed = testSeed();
  const prng = new Prng(seed);
  for (let round = 0; round < 200; round++) {
    const list = () => Array.from({ length: prng.int(0, 30) }, () => prng.int(0, 5));
    const [before, after] = [list(), list()];
    const lines = (value: unknown) => JSON.stringify(value, null, 2).split('\n');
    t.same(
      patched(lines(before), changeDiff(before, after)),
      lines(after),
      `seed ${seed}, round ${round}`,
    );
  }
});
