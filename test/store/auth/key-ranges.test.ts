import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { type KeyInterval, KeyRanges } from '../../../src/store/auth/key-ranges.js';

const interval = (begin: string, end: string | null): KeyInterval => ({ begin, end });

t.test('KeyRanges covers what its intervals cover together', async (t) => {
  const ranges = new KeyRanges([
    interval('d', 'f'),
    interval('a', 'b'),
    interval('b', 'c'),
    interval('e', 'g'),
    interval('m', 'm\0'),
    interval('z', null),
  ]);
  const table: readonly (readonly [begin: string, end: string | null, covered: boolean])[] = [
    ['a', 'b', true],
    ['a', 'c', true],
    ['aa', 'bb', true],
    ['a', 'c\0', false],
    ['d', 'g', true],
    ['d', 'h', false],
    ['c', 'd', false],
    ['m', 'm\0', true],
    ['m', 'm\0\0', false],
    ['z', null, true],
    ['zz', null, true],
    ['y', null, false],
    ['d', null, false],
    // Without a key in them, it is the first that counts.
    ['e', 'a', true],
    ['c', 'a', false],
  ];
  for (const [begin, end, covered] of table) {
    t.equal(ranges.covers({ begin, end }), covered, `[${begin}, ${end ?? 'no end'})`);
  }
  t.equal(ranges.contains('bz'), true);
  t.equal(ranges.contains('c'), false);
  t.equal(ranges.contains('\xff\xff'), true);
});

t.test('KeyRanges without intervals, or with empty ones, has no key', async (t) => {
  for (const ranges of [new KeyRanges([]), new KeyRanges([interval('b', 'a')])]) {
    t.equal(ranges.contains('a'), false);
    t.equal(ranges.covers(interval('\0', null)), false);
  }
});

/** All keys of up to three letters, in order, stand for all keys. */
const letters = ['\0', 'a', 'b', '\xff'];
const universe = ['', ...letters]
  .flatMap((a) => ['', ...letters].flatMap((b) => ['', ...letters].map((c) => a + b + c)))
  .filter((key) => key !== '')
  .sort();
const keys = [...new Set(universe)];

t.test('KeyRanges agrees with looking at every key', async (t) => {
  for (let seed = 1; seed <= 300; seed++) {
    const prng = new Prng(seed);
    const randomEnd = () => (prng.chance(0.1) ? null : prng.pick(keys));
    const intervals = Array.from({ length: prng.int(0, 6) }, () =>
      interval(prng.pick(keys), randomEnd()),
    );
    const ranges = new KeyRanges(intervals);
    const has = (key: string) =>
      intervals.some(({ begin, end }) => begin <= key && (end === null || key < end));
    const wrong = keys.find((key) => ranges.contains(key) !== has(key));
    t.equal(wrong, undefined, `seed ${seed}: every key`);
    for (let i = 0; i < 20; i++) {
      const asked = interval(prng.pick(keys), randomEnd());
      const inside = keys.filter(
        (key) => asked.begin <= key && (asked.end === null || key < asked.end),
      );
      // Intervals end at keys of the universe: what has all of these and an end beyond has the whole.
      const isOpen = intervals.some(({ end }) => end === null);
      const expected =
        inside.length === 0
          ? has(asked.begin)
          : inside.every(has) && (asked.end !== null || isOpen);
      if (ranges.covers(asked) === expected) continue;
      t.fail(`seed ${seed}: ${JSON.stringify({ intervals, asked, expected })}`);
      return;
    }
  }
});
