import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import {
  decodeRecord,
  isTombstone,
  recordBytesMax,
  recordEnd,
  recordKeyValue,
  recordMain,
  recordSub,
  writePutRecord,
  writeTombstone,
} from '../../../src/store/schema/revision-record.js';
import { KeyValue } from '../../../src/wire/gen/mvccpb.js';

const counters = [1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 42 + 5, Number.MAX_SAFE_INTEGER];
const leases = [0n, 1n, 2n ** 62n, -1n, -(2n ** 63n)];

t.test('writePutRecord writes byte for byte what the generated codec writes', async (t) => {
  const prng = new Prng(3);
  for (let i = 0; i < 2000; i++) {
    const kv = {
      key: prng.bytes(prng.int(1, prng.pick([3, 200]))),
      createRevision: prng.pick(counters),
      modRevision: prng.pick(counters),
      version: prng.pick(counters),
      value: prng.bytes(prng.int(0, prng.pick([2, 300]))),
      lease: prng.pick(leases),
    };
    const offset = prng.int(0, 10);
    const target = new Uint8Array(offset + recordBytesMax(kv.key.length, kv.value.length));
    const sub = prng.pick([0, 1, 255, 2 ** 31 - 1]);
    const record = target.subarray(offset, writePutRecord(target, offset, sub, kv));
    t.notOk(isTombstone(record));
    t.equal(recordMain(target, offset), kv.modRevision);
    t.equal(recordSub(target, offset), sub);
    t.equal(recordEnd(target, offset), offset + record.length);
    if (Buffer.compare(recordKeyValue(record), KeyValue.encode(kv)) !== 0) t.fail(`case ${i}`);
    if (i % 100 === 0) t.same(decodeRecord(record), kv);
  }
});

t.test('writePutRecord stays within recordBytesMax when all is largest', async (t) => {
  const target = new Uint8Array(recordBytesMax(0, 0));
  const largest = Number.MAX_SAFE_INTEGER;
  const counters = { createRevision: largest, modRevision: largest, version: largest };
  const none = new Uint8Array(0);
  t.ok(
    writePutRecord(target, 0, 0, { key: none, value: none, ...counters, lease: -1n }) <=
      target.length,
  );
});

t.test('writeTombstone has the key and the revision, and nothing else', async (t) => {
  const key = new Uint8Array([0, 255]);
  const target = new Uint8Array(recordBytesMax(key.length, 0));
  const record = target.subarray(0, writeTombstone(target, 0, 3, key, 300));
  t.ok(isTombstone(record));
  t.same(recordKeyValue(record), KeyValue.encode({ key, modRevision: 300 }));
  t.same([recordMain(target, 0), recordSub(target, 0)], [300, 3]);
  t.equal(recordEnd(target, 0), record.length);
});
