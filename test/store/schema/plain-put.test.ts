import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { PlainPut, writePlainPut } from '../../../src/store/schema/plain-put.js';
import { recordBytesMax, writePutRecord } from '../../../src/store/schema/revision-record.js';
import {
  PutRequest,
  type PutRequestInit,
  TxnRequest,
  type TxnRequestInit,
} from '../../../src/wire/gen/etcdserverpb.js';

const counters = [1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 42 + 5, Number.MAX_SAFE_INTEGER];

t.test('writePlainPut writes what writePutRecord writes, and nothing before it', async (t) => {
  const prng = new Prng(1);
  const put = new PlainPut();
  for (let i = 0; i < 3000; i++) {
    const key = prng.bytes(prng.int(1, prng.pick([3, 70, 300])));
    const value = prng.bytes(prng.int(1, prng.pick([2, 300, 20_000])));
    const before = prng.bytes(prng.int(0, 3));
    const data = new Uint8Array([...before, ...PutRequest.encode({ key, value })]);
    if (!put.read(data, before.length)) t.fail(`case ${i} is not plain`);
    const [main, create, version] = [prng.pick(counters), prng.pick(counters), prng.pick(counters)];
    const offset = prng.int(0, 40);
    const size = offset + recordBytesMax(key.length, value.length);
    const ours = new Uint8Array(size).fill(0xee);
    const theirs = ours.slice();
    const end = writePlainPut(ours, offset, put, main, create, version);
    const record = { key, value, createRevision: create, modRevision: main, version, lease: 0n };
    if (end !== writePutRecord(theirs, offset, 0, record)) t.fail(`case ${i} ends elsewhere`);
    if (Buffer.compare(ours.subarray(0, end), theirs.subarray(0, end)) !== 0) t.fail(`case ${i}`);
  }
});

t.test('PlainPut.read takes lengths that are longer than they need be', async (t) => {
  const put = new PlainPut();
  const data = new Uint8Array([1, 10, 0x81, 0x80, 0x80, 0, 97, 18, 0x82, 0x80, 0x80, 0, 98, 99]);
  t.ok(put.read(data, 1));
  const target = new Uint8Array(recordBytesMax(1, 2));
  const end = writePlainPut(target, 0, put, 7, 5, 3);
  const theirs = new Uint8Array(target.length);
  const [key, value] = [new Uint8Array([97]), new Uint8Array([98, 99])];
  const record = { key, value, createRevision: 5, modRevision: 7, version: 3, lease: 0n };
  t.equal(writePutRecord(theirs, 0, 0, record), end);
  t.same(target.subarray(0, end), theirs.subarray(0, end));
});

t.test('PlainPut.read leaves everything else to the codec', async (t) => {
  const key = new Uint8Array([1]);
  const value = new Uint8Array([2, 3]);
  const put = new PlainPut();
  const others: [string, PutRequestInit][] = [
    ['no key', { value }],
    ['no value', { key }],
    ['a lease', { key, value, lease: 5n }],
    ['the previous version', { key, value, prevKv: true }],
    ['the value kept', { key, value, ignoreValue: true }],
    ['the lease kept', { key, value, ignoreLease: true }],
  ];
  for (const [what, request] of others) t.notOk(put.read(PutRequest.encode(request), 0), what);
  const whole = PutRequest.encode({ key, value });
  t.ok(put.read(whole, 0));
  for (let length = 0; length < whole.length; length++) {
    t.notOk(put.read(whole.subarray(0, length), 0), `cut after ${length}`);
  }
  const table: [string, number[]][] = [
    ['the value first', [18, 1, 2, 10, 1, 1]],
    ['a key twice', [10, 1, 1, 10, 1, 1, 18, 1, 2]],
    ['a value twice', [10, 1, 1, 18, 1, 2, 18, 1, 3]],
    ['an unknown field', [10, 1, 1, 18, 1, 2, 120, 1]],
    ['a length of five bytes', [10, 0x81, 0x80, 0x80, 0x80, 0, 1, 18, 1, 2]],
    ['an empty key', [10, 0, 18, 1, 2]],
  ];
  for (const [what, bytes] of table) t.notOk(put.read(new Uint8Array(bytes), 0), what);
});

t.test('PlainPut.readTxn takes a txn that is a plain put, and nothing else', async (t) => {
  const requestPut = { key: new Uint8Array([1, 2]), value: new Uint8Array(300).fill(3) };
  const key = requestPut.key;
  const put = new PlainPut();
  const plain = new Uint8Array([9, ...TxnRequest.encode({ success: [{ requestPut }] })]);
  t.ok(put.readTxn(plain, 1));
  t.same(put.data.subarray(put.keyFrom, put.keyTo), requestPut.key);
  t.same(put.data.subarray(put.valueFrom, put.valueTo), requestPut.value);
  const others: [string, TxnRequestInit][] = [
    ['nothing', {}],
    ['a condition', { compare: [{ key }], success: [{ requestPut }] }],
    ['another branch', { success: [{ requestPut }], failure: [{ requestPut }] }],
    ['only the other branch', { failure: [{ requestPut }] }],
    ['two puts', { success: [{ requestPut }, { requestPut }] }],
    ['a read', { success: [{ requestRange: { key } }] }],
    ['a delete', { success: [{ requestDeleteRange: { key } }] }],
    ['a txn within', { success: [{ requestTxn: { success: [{ requestPut }] } }] }],
    ['a put with a lease', { success: [{ requestPut: { ...requestPut, lease: 1n } }] }],
    [
      'a put of which the old is wanted',
      { success: [{ requestPut: { ...requestPut, prevKv: true } }] },
    ],
  ];
  for (const [what, request] of others) t.notOk(put.readTxn(TxnRequest.encode(request), 0), what);
  for (let length = 0; length < plain.length; length++) {
    t.notOk(put.readTxn(plain.subarray(0, length), 1), `cut after ${length}`);
  }
});
