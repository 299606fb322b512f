import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { isInRange, type KeyRange, parseKeyRange } from '../../../src/store/watch/key-range.js';
import { type Interest, WatchGroups } from '../../../src/store/watch/watch-groups.js';
import { cpuMsOf } from '../../base/cpu-time.js';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const utf8 = (text: string) => new TextEncoder().encode(text);

interface Item extends Interest {
  readonly id: number;
}

const plain = { prevKv: false, dropsPuts: false, dropsDeletes: false };

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

t.test(`WatchGroups finds what a dumb matcher finds (SEED=${seed})`, async (t) => {
  const prng = new Prng(seed);
  const groups = new WatchGroups<Item>();
  const items: Item[] = [];
  for (let step = 0; step < 6_000; step++) {
    const grows = items.length < 20 || (items.length < 400 && prng.chance(0.55));
    if (grows) {
      const item = {
        id: step,
        range: randomRange(prng),
        prevKv: prng.chance(0.3),
        dropsPuts: prng.chance(0.2),
        dropsDeletes: prng.chance(0.2),
      };
      items.push(item);
      groups.add(item);
    } else {
      const item = items.splice(prng.int(0, items.length), 1)[0]!;
      groups.remove(item);
      groups.remove(item);
    }
    const key = randomKey(prng);
    const found: number[] = [];
    const interests = new Set<string>();
    groups.visit(key, (group) => {
      const { range, prevKv, dropsPuts, dropsDeletes } = group;
      const interest = JSON.stringify([range, prevKv, dropsPuts, dropsDeletes]);
      if (interests.has(interest)) throw new Error(`two groups of ${interest}`);
      interests.add(interest);
      group.forEach((item) => {
        const own = [item.range, item.prevKv, item.dropsPuts, item.dropsDeletes];
        if (JSON.stringify(own) !== interest) throw new Error(`${own} in a group of ${interest}`);
        found.push(item.id);
      });
    });
    const expected = items.filter((item) => isInRange(item.range, key)).map((item) => item.id);
    const same = found.sort((a, b) => a - b).join() === expected.sort((a, b) => a - b).join();
    if (!same)
      throw new Error(`step ${step}, key ${JSON.stringify(key)}: ${found}, not ${expected}`);
  }
  t.equal(groups.isEmpty, false);
  for (const item of items) groups.remove(item);
  t.equal(groups.isEmpty, true);
  groups.visit('a', () => t.fail('a group is left'));
});

t.test('WatchGroups answers in logarithmic time over 100,000 prefixes', async (t) => {
  const groups = new WatchGroups<Item>();
  const count = 100_000;
  for (let id = 0; id < count; id++) {
    // Ascending, the worst order for a tree that does not balance itself.
    const name = `/p/${String(id).padStart(6, '0')}`;
    groups.add({ ...plain, id, range: { start: `${name}/`, end: `${name}0`, isSingle: false } });
  }
  let matches = 0;
  const cpuMs = await cpuMsOf(() => {
    for (let id = 0; id < count; id += 10) {
      groups.visit(`/p/${String(id).padStart(6, '0')}/x`, () => matches++);
    }
  });
  t.equal(matches, count / 10);
  t.ok(cpuMs < 5_000, `10,000 look-ups took ${cpuMs} ms; a scan of all would take minutes`);
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
