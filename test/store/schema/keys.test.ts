import t from 'tap';
import { memberId } from '../../../src/base/ids.js';
import type { DbRange } from '../../../src/base/ordered-db.js';
import {
  alarmKey,
  alarmKeys,
  allDeadKeys,
  allKeys,
  allPackKeys,
  deadKey,
  leaseKey,
  leaseKeys,
  memberKey,
  memberKeys,
  metaKey,
  metaKeys,
  packKey,
  packKeys,
  parsePackKey,
  parseRemovedMemberKey,
  removedMemberKey,
  removedMemberKeys,
} from '../../../src/store/schema/keys.js';
import {
  decodeApplied,
  decodeClusterId,
  decodeConf,
  decodeCounter,
  encodeApplied,
  encodeClusterId,
  encodeConf,
  encodeCounter,
} from '../../../src/store/schema/meta.js';

const numbers = [
  0,
  1,
  255,
  256,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 40 + 7,
  Number.MAX_SAFE_INTEGER,
];

t.test('packKey orders by main, then sub, and reads back', async (t) => {
  let previous: Uint8Array = new Uint8Array(0);
  for (const main of numbers) {
    for (const sub of numbers) {
      const key = packKey(main, sub);
      t.ok(Buffer.compare(previous, key) < 0);
      t.same(parsePackKey(key), { main, sub });
      previous = key;
    }
  }
});

t.test('every kind of key lies in its own range and in no other', async (t) => {
  const kinds: [DbRange, Uint8Array[]][] = [
    [allPackKeys, [packKey(0, 0), packKey(Number.MAX_SAFE_INTEGER, 5)]],
    [allDeadKeys, [deadKey(0, 0), deadKey(Number.MAX_SAFE_INTEGER, 5)]],
    [leaseKeys, [leaseKey(0n), leaseKey(-1n), leaseKey(2n ** 62n)]],
    [memberKeys, [memberKey(1n), memberKey(2n ** 64n - 1n)]],
    [removedMemberKeys, [removedMemberKey(1n), removedMemberKey(2n ** 64n - 1n)]],
    [alarmKeys, [alarmKey(0n, 0), alarmKey(2n ** 64n - 1n, 2)]],
    [metaKeys, Object.values(metaKey)],
  ];
  const isIn = (range: DbRange, key: Uint8Array) =>
    Buffer.compare(key, range.gte) >= 0 && Buffer.compare(key, range.lt) < 0;
  for (const [range, keys] of kinds) {
    for (const key of keys) {
      t.ok(isIn(allKeys, key));
      for (const [other] of kinds) t.equal(isIn(other, key), other === range);
    }
  }
  t.ok(isIn(packKeys(5, 3, 6), packKey(5, 1000)));
  t.ok(isIn(packKeys(5, 3, 6), packKey(5, 3)));
  t.notOk(isIn(packKeys(5, 3, 6), packKey(5, 2)));
  t.notOk(isIn(packKeys(5, 3, 6), packKey(6, 0)));
  t.same(parsePackKey(deadKey(7, 8)), { main: 7, sub: 8 });
  t.equal(parseRemovedMemberKey(removedMemberKey(2n ** 64n - 1n)), 2n ** 64n - 1n);
});

const conf = {
  voters: [memberId(1n), memberId(2n ** 64n - 1n)],
  votersOutgoing: [memberId(3n)],
  learners: [],
  learnersNext: [memberId(4n)],
  autoLeave: true,
};

t.test('the meta records read back', async (t) => {
  for (const index of numbers) {
    const applied = { index, term: 3, revision: 1, hash: 2n ** 64n - 1n };
    t.same(decodeApplied(encodeApplied(applied)), applied);
    t.equal(decodeCounter(encodeCounter(index), 'x'), index);
  }
  t.same(decodeConf(encodeConf(conf)), conf);
  t.equal(decodeClusterId(encodeClusterId(2n ** 64n - 1n)), 2n ** 64n - 1n);
});

t.test('a damaged meta record is refused with what to do', async (t) => {
  const bytes = encodeConf(conf);
  const absurd = bytes.slice();
  absurd[3] = 0xff;
  const table: [string, () => unknown][] = [
    ['short applied', () => decodeApplied(new Uint8Array(31))],
    ['unsafe applied', () => decodeApplied(new Uint8Array(32).fill(0xff))],
    ['short counter', () => decodeCounter(new Uint8Array(7), 'm/compact-finished')],
    ['short cluster', () => decodeClusterId(new Uint8Array(0))],
    ['empty conf', () => decodeConf(new Uint8Array(0))],
    ['cut conf', () => decodeConf(bytes.subarray(0, bytes.length - 1))],
    ['longer conf', () => decodeConf(new Uint8Array([...bytes, 0]))],
    ['absurd count', () => decodeConf(absurd)],
  ];
  for (const [what, decode] of table) {
    t.throws(decode, { code: 'damaged', message: /start again/ }, what);
  }
});
