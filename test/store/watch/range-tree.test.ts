import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { isInRange, type KeyRange, parseKeyRange } from '../../../src/store/watch/key-range.js';
import { RangeIndex } from '../../../src/store/watch/range-index.js';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const utf8 = (text: string) => new TextEncoder().encode(text);

interface Item {
  readonly id: number;
  readonly range: KeyRange;
}

function randomKey(prng: Prng): string {
  let key = '';
  for (let i = prng.int(0, 4); i > 0; i--) key += prng.pick(['\0', 'a', 'b', 'c', '\xff']);
  return key;
}

function randomRange(prng: Prng): KeyRange {
  for (;;) {
    const range = parseKeyRange({
      key: Buffer.from(randomKey(prng), 'latin1'),
      rangeEnd: Buffer.from(randomKey(prng), 'latin1'),
    });
    if (range !== undefined) return range;
  }
}

t.test(`RangeIndex finds what a dumb matcher finds (SEED=${seed})`, async (t) => {
  const prng = new Prng(seed);
  const index = new RangeIndex<Item>();
  const items: Item[] = [];
  for (let step = 0; step < 6_000; step++) {
    const grows = items.length < 20 || (items.length < 400 && prng.chance(0.55));
    if (grows) {
      const item = { id: step, range: randomRange(prng) };
      items.push(item);
      index.add(item);
    } else {
      const item = items.splice(prng.int(0, items.length), 1)[0]!;
      index.remove(item);
      index.remove(item);
    }
    const key = randomKey(prng);
    const found: number[] = [];
    index.visit(key, (item) => found.push(item.id));
    const expected = items.filter((item) => isInRange(item.range, key)).map((item) => item.id);
    const same = found.sort((a, b) => a - b).join() === expected.sort((a, b) => a - b).join();
    if (!same)
      throw new Error(`step ${step}, key ${JSON.stringify(key)}: ${found}, not ${expected}`);
  }
  for (const item of items) index.remove(item);
  index.visit('a', () => t.fail('an item is left'));
});

t.test('RangeIndex answers in logarithmic time over 100,000 prefixes', async (t) => {
  const index = new RangeIndex<Item>();
  const count = 100_000;
  for (let id = 0; id < count; id++) {
    // Ascending, the worst order for a tree that does not balance itself.
    const name = `/p/${String(id).padStart(6, '0')}`;
    index.add({ id, range: { start: `${name}/`, end: `${name}0`, isSingle: false } });
  }
  const startMs = performance.now();
  let matches = 0;
  for (let id = 0; id < count; id += 10) {
    index.visit(`/p/${String(id).padStart(6, '0')}/x`, () => matches++);
  }
  t.equal(matches, count / 10);
  const elapsedMs = performance.now() - startMs;
  t.ok(elapsedMs < 5_000, `10,000 look-ups took ${elapsedMs} ms; a scan of all would take minutes`);
});

const ranges: readonly (readonly [key: string, end: string, range: KeyRange | undefined])[] = [
  ['a', '', { start: 'a', end: null, isSingle: true }],
  ['a', 'b', { start: 'a', end: 'b', isSingle: false }],
  ['a', '\0', { start: 'a', end: null, isSingle: false }],
  ['', '', { start: '\0', end: null, isSingle: true }],
  ['', '\0', { start: '\0', end: null, isSingle: false }],
  ['', 'b', { start: '\0', end: 'b', isSingle: false }],
  ['\0', '\0', { start: '\0', end: null, isSingle: false }],
  ['b', 'b', undefined],
  ['b', 'a', undefined],
  ['a', 'a\0', { start: 'a', end: 'a\0', isSingle: false }],
];

t.test(
  'parseKeyRange has etcd rules; an empty end is never "and all after" (GHSA-xg4h-6gfc-h4m8)',
  async (t) => {
    for (const [key, rangeEnd, range] of ranges) {
      const parsed = parseKeyRange({ key: utf8(key), rangeEnd: utf8(rangeEnd) });
      t.same(parsed, range, JSON.stringify([key, rangeEnd]));
    }
    const bytes = parseKeyRange({ key: Uint8Array.of(0x80), rangeEnd: Uint8Array.of(0xff) });
    t.same(bytes, { start: '\x80', end: '\xff', isSingle: false });
  },
);
