import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { plans } from '../../../src/cmd/bench/flags.js';
import { keyOf } from '../../../src/cmd/bench/keys.js';
import { putTemplate, rangeTemplate, txnTemplate } from '../../../src/cmd/bench/requests.js';
import { toSpec } from '../../../src/cmd/bench/settings.js';
import { PutRequest, RangeRequest, TxnRequest } from '../../../src/wire/index.js';

const spec = toSpec(plans.find(({ name }) => name === 'txn')!, { puts: '3', valueSize: '100' });

t.test('putTemplate: only the key changes, and the value begins where it says', async (t) => {
  const template = putTemplate(spec, new Prng(1));
  const before = PutRequest.decode(template.bytes.slice());
  template.setKey(0, 1234);
  const after = PutRequest.decode(template.bytes);
  t.same(after.key, keyOf(1234, 24));
  t.same(after.value, before.value);
  t.same(template.bytes.subarray(template.valueStart), before.value);
});

t.test('rangeTemplate: asks for one key, with the consistency of the load', async (t) => {
  for (const isSerializable of [false, true]) {
    const template = rangeTemplate({ ...spec, isSerializable });
    template.setKey(0, 77);
    const { key, rangeEnd, serializable } = RangeRequest.decode(template.bytes);
    t.same(key, keyOf(77, 24));
    t.equal(rangeEnd.length, 0);
    t.equal(serializable, isSerializable);
  }
});

t.test('txnTemplate: every key can be set, the compared one first', async (t) => {
  const template = txnTemplate(spec, new Prng(1));
  t.equal(template.keyCount, 4);
  for (let i = 0; i < 4; i++) template.setKey(i, 10 + i);
  const { compare, success } = TxnRequest.decode(template.bytes);
  t.same(
    compare.map(({ key }) => key),
    [keyOf(10, 24)],
  );
  t.same(
    success.map(({ requestPut }) => requestPut?.key),
    [11, 12, 13].map((n) => keyOf(n, 24)),
  );
  t.ok(success.every(({ requestPut }) => requestPut?.value.length === 100));
});
