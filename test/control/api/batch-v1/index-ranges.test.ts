import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import {
  commonIndex,
  countIndexes,
  IndexRangeError,
  parseIndexRanges,
} from '../../../../src/control/api/batch-v1/index-ranges.js';
import { testSeed } from '../seed.js';

t.test('parseIndexRanges refuses what is no growing list of indexes', async (t) => {
  const cases: [text: string, problem: string][] = [
    ['a', 'cannot convert string to integer for index: "a"'],
    ['1,', 'cannot convert string to integer for index: ""'],
    ['10', 'too large index: "10"'],
    ['3-1', 'non-increasing order, previous: 3, current: 1'],
    ['1,1', 'non-increasing order, previous: 1, current: 1'],
    [
      '1-2-3',
      'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by \'-\'',
    ],
  ];
  for (const [text, problem] of cases) {
    t.throws(() => parseIndexRanges(text, 10), new IndexRangeError(problem), text);
  }
});

/** The indexes as `1,3-5` says them. */
function textOf(indexes: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < indexes.length; at++) {
    const first = indexes[at]!;
    while (indexes[at + 1] === indexes[at]! + 1) at++;
    parts.push(indexes[at] === first ? `${first}` : `${first}-${indexes[at]}`);
  }
  return parts.join(',');
}

t.test('commonIndex and countIndexes agree with sets of numbers', async (t) => {
  const seed = testSeed();
  const prng = new Prng(seed);
  const some = () => Array.from({ length: 30 }, (_, at) => at).filter(() => prng.int(0, 3) === 0);
  for (let round = 0; round < 200; round++) {
    const [a, b] = [some(), some()];
    const what = `SEED=${seed}, round ${round}: ${textOf(a)} and ${textOf(b)}`;
    t.equal(countIndexes(parseIndexRanges(textOf(a), 30)), a.length, what);
    t.equal(
      commonIndex(textOf(a), textOf(b), 30),
      a.find((index) => b.includes(index)),
      what,
    );
  }
});
