import t from 'tap';
import { concatBytes } from '../../../src/base/bytes.js';
import { Prng } from '../../../src/base/prng.js';
import type { Entry } from '../../../src/raft/core/types.js';
import {
  decodeEntries,
  EntryRoom,
  encodeEntries,
  entriesByteLength,
  stampEntry,
} from '../../../src/raft/wal/index.js';
import { entries } from './harness.js';

function randomEntries(prng: Prng): Entry[] {
  const first = prng.pick([1, 1000, 2 ** 32 - 2, 2 ** 53 - 20]);
  return Array.from({ length: prng.int(0, 10) }, (_, i) => ({
    index: first + i,
    term: prng.pick([0, 1, 2 ** 32 + 5, 2 ** 53 - 1]),
    kind: prng.pick(['normal', 'config']),
    data: prng.bytes(prng.int(0, 40)),
  }));
}

t.test('decodeEntries gives back what encodeEntries took, without copying', async (t) => {
  const prng = new Prng(11);
  for (let round = 0; round < 200; round++) {
    const list = randomEntries(prng);
    const bytes = concatBytes(encodeEntries(list));
    t.equal(bytes.length, entriesByteLength(list));
    const decoded = decodeEntries(bytes);
    t.same(decoded, list);
    t.ok(decoded.every(({ data }) => data.buffer === bytes.buffer));
  }
});

t.test('decodeEntries refuses what is not a list of entries', async (t) => {
  const good = concatBytes(encodeEntries(entries(7, 9)));
  const edited = (edit: (bytes: Uint8Array) => void) => {
    const bytes = good.slice();
    edit(bytes);
    return bytes;
  };
  const table: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['a byte too many', Uint8Array.from([...good, 0])],
    ['an impossible count', edited((bytes) => bytes.fill(0xff, 8, 12))],
    ['a count too small', edited((bytes) => bytes.fill(1, 8, 9))],
    ['an index beyond 2^53', edited((bytes) => bytes.fill(0xff, 0, 8))],
    ['index 0', edited((bytes) => bytes.fill(0, 0, 8))],
    ['an unknown kind', edited((bytes) => bytes.fill(2, 19, 20))],
    ['a term beyond 2^53', edited((bytes) => bytes.fill(0xff, 12, 19))],
    ['a length beyond the end', edited((bytes) => bytes.fill(0xff, 20, 24))],
  ];
  for (const [name, bytes] of table) {
    t.throws(() => decodeEntries(bytes), { code: 'malformed-entries' }, name);
  }
  for (let length = 0; length < good.length; length++) {
    t.throws(() => decodeEntries(good.subarray(0, length)), { code: 'malformed-entries' });
  }
});

t.test('decodeEntries answers any bytes with entries or with its own error', async (t) => {
  const prng = new Prng(12);
  for (let round = 0; round < 3000; round++) {
    const bytes = concatBytes(encodeEntries(randomEntries(prng)));
    for (let flips = prng.int(1, 4); flips > 0 && bytes.length > 0; flips--) {
      bytes[prng.int(0, bytes.length)] = prng.int(0, 256);
    }
    try {
      decodeEntries(bytes);
    } catch (error) {
      if ((error as { code?: string }).code !== 'malformed-entries') t.fail(String(error));
    }
  }
});

t.test('encodeEntries asserts consecutive indexes', async (t) => {
  t.throws(() => encodeEntries([...entries(1, 2), ...entries(4, 4)]), /not consecutive/);
});

/** Entries whose data lie in memory as leaders, followers and strangers to this module have them. */
function mixedEntries(prng: Prng): Entry[] {
  const room = new EntryRoom();
  const first = prng.int(1, 1000);
  const list: Entry[] = [];
  for (let i = prng.int(1, 20); i > 0; i--) {
    const index = first + list.length;
    const term = prng.int(1, 4);
    const kind = prng.chance(0.1) ? 'config' : 'normal';
    if (prng.chance(0.3)) {
      list.push({ index, term, kind, data: prng.bytes(prng.int(0, 40)) });
      continue;
    }
    const data = room.allocate(prng.pick([0, 1, 40, 100_000]));
    data.set(prng.bytes(Math.min(data.length, 40)));
    // A head that is not this entry's must not be taken for it.
    if (prng.chance(0.8)) stampEntry(data, prng.chance(0.9) ? term : term + 1, kind);
    list.push({ index, term, kind, data });
  }
  return list;
}

/** Text is compared at once, large arrays number by number. */
function withText(list: readonly Entry[]): unknown {
  return list.map(({ data, ...head }) => ({ ...head, data: Buffer.from(data).toString('base64') }));
}

t.test('encodeEntries says the same wherever the data lie', async (t) => {
  for (let seed = 1; seed <= 300; seed++) {
    const list = mixedEntries(new Prng(seed));
    const apart = list.map((entry) => ({ ...entry, data: entry.data.slice() }));
    const bytes = concatBytes(encodeEntries(list));
    if (!Buffer.from(bytes).equals(concatBytes(encodeEntries(apart)))) t.fail(`seed ${seed}`);
    t.same(withText(decodeEntries(bytes)), withText(apart));
    const again = encodeEntries(decodeEntries(bytes));
    t.ok(again.length <= 2, 'what was decoded is one piece');
    t.ok(Buffer.from(bytes).equals(concatBytes(again)));
  }
});

t.test('encodeEntries does not copy what was stamped in a row', async (t) => {
  const room = new EntryRoom();
  const list: Entry[] = [1, 2, 3].map((index) => {
    const data = room.allocate(100);
    stampEntry(data, 7, 'normal');
    return { index, term: 7, kind: 'normal', data };
  });
  const [, piece, ...others] = encodeEntries(list);
  t.equal(others.length, 0);
  t.equal(piece?.buffer, list[0]?.data.buffer);
});
