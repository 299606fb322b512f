import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import {
  Compare,
  KeyValue,
  PutRequest,
  Reader,
  RequestOp,
  ResponseHeader,
  store,
  Writer,
} from '../../src/wire/index.js';

t.test('encode: results have memory of their own, whatever their size', (t) => {
  const results: { value: Uint8Array; encoded: Uint8Array }[] = [];
  for (const size of [1, 127, 128, 8000, 8190, 16_384, 40_000, 65_530, 65_537, 99_999, 1_000_000]) {
    const value = new Prng(size).bytes(size);
    results.push({ value, encoded: PutRequest.encode({ key: new Uint8Array(3), value }) });
  }
  for (const { value, encoded } of results) {
    t.equal(Buffer.compare(PutRequest.decode(encoded).value, value), 0, `${value.length} bytes`);
    t.ok(
      encoded.buffer.byteLength <= encoded.length * 1.4 + 64,
      'a result pins little more than itself',
    );
  }
  const [first, second] = [results[0]?.encoded, results[1]?.encoded];
  t.not(first?.buffer, second?.buffer);
  t.end();
});

t.test('encode: many small fields grow the writer without losing any', (t) => {
  const ids = Array.from({ length: 50_000 }, (_, i) => BigInt(i) - 10n);
  t.same(store.LeaseKeepAliveBatch.decode(store.LeaseKeepAliveBatch.encode({ ids })).ids, ids);
  const items = ids.map((id, i) => ({ id, renewedIndex: i }));
  t.same(store.LeaseExpire.decode(store.LeaseExpire.encode({ items })).items, items);
  t.end();
});

t.test('encode: strings of every length and script survive', (t) => {
  for (const unit of ['a', 'é', '日', '🚢', '\u0000']) {
    for (const count of [0, 1, 20, 23, 24, 25, 39, 40, 41, 127, 128, 20_000]) {
      const name = unit.repeat(count);
      t.equal(store.MemberPublish.decode(store.MemberPublish.encode({ name })).name, name);
    }
  }
  t.equal(
    store.MemberPublish.decode(store.MemberPublish.encode({ name: 'a\ud800' })).name,
    'a\ufffd',
  );
  t.end();
});

t.test('encodeTo: messages can be framed and embedded without a copy', (t) => {
  const kv = { key: Uint8Array.of(1), version: 7 };
  const writer = new Writer();
  KeyValue.encodeTo(writer, kv);
  const { size } = writer;
  writer.raw(Uint8Array.of(0, 0, 0, 0, size));
  const frame = writer.finish();
  t.same(frame.subarray(5), KeyValue.encode(kv));
  t.equal(writer.size, 0);

  const reader = new Reader(frame);
  reader.pos = 5;
  t.match(KeyValue.decodeFrom(reader), kv);
  t.end();
});

t.test('encode: what no field can hold is a bug', (t) => {
  const bugs: Record<string, () => unknown> = {
    'a fraction': () => ResponseHeader.encode({ revision: 1.5 }),
    NaN: () => ResponseHeader.encode({ revision: Number.NaN }),
    infinity: () => ResponseHeader.encode({ revision: Number.POSITIVE_INFINITY }),
    'an unsafe counter': () => ResponseHeader.encode({ revision: 2 ** 53 }),
    'a negative unsigned counter': () => ResponseHeader.encode({ raftTerm: -1 }),
    'an int64 id of 64 bits': () => PutRequest.encode({ lease: 2n ** 63n }),
    'an int64 id below its range': () => PutRequest.encode({ lease: -(2n ** 63n) - 1n }),
    'a negative uint64 id': () => ResponseHeader.encode({ clusterId: -1n }),
    'a uint64 id of 65 bits': () => ResponseHeader.encode({ clusterId: 2n ** 64n }),
    'an int32 of 32 bits': () => store.AlarmRecord.encode({ alarm: 2 ** 31 }),
    'an enum that is a fraction': () => Compare.encode({ target: 0.5 }),
    'two members of a oneof': () => RequestOp.encode({ requestPut: {}, requestRange: {} }),
    'two members of a oneof of scalars': () => Compare.create({ version: 0, lease: 0n }),
  };
  for (const [name, bug] of Object.entries(bugs)) {
    t.throws(bug, { name: 'AssertionError' }, name);
  }
  t.same(
    PutRequest.encode({ lease: 1n }),
    Uint8Array.of(0x18, 1),
    'the next message is not affected',
  );
  t.end();
});
