import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import type { Entry } from '../../../src/raft/core/types.js';
import { decodeEntries, encodeEntries, entriesByteLength } from '../../../src/raft/wal/index.js';
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
    const bytes = encodeEntries(list);
    t.equal(bytes.length, entriesByteLength(list));
    const decoded = decodeEntries(bytes);
    t.same(decoded, list);
    t.ok(decoded.every(({ data }) => data.buffer === bytes.buffer));
  }
});

t.test('decodeEntries refuses what is not a list of entries', async (t) => {
  const good = encodeEntries(entries(7, 9));
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
    const bytes = encodeEntries(randomEntries(prng));
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
