import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import {
  Compare,
  HashResponse,
  KeyValue,
  PutRequest,
  Reader,
  RequestOp,
  ResponseHeader,
  store,
  Writer,
} from '../../src/wire/index.js';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

t.test(
  `encode: results of every size keep their bytes and pin little memory (SEED=${seed})`,
  (t) => {
    const prng = new Prng(seed);
    const sizes = [
      1, 127, 128, 4000, 8180, 8190, 16_384, 40_000, 65_530, 65_537, 99_999, 1_000_000,
    ];
    const values = Array.from({ length: 400 }, () =>
      prng.bytes(prng.chance(0.1) ? prng.pick(sizes) : prng.int(1, 600)),
    );
    const results = values.map((value) => PutRequest.encode({ value }));
    for (const [i, value] of values.entries()) {
      const result = results[i] ?? new Uint8Array(0);
      const expected = Buffer.concat([Uint8Array.of(0x12), varint(value.length), value]);
      if (Buffer.compare(result, expected) !== 0) t.fail(`message ${i}, ${value.length} bytes`);
      const pinned = result.buffer.byteLength;
      if (pinned > Math.max(8192, result.length * 1.4)) t.fail(`message ${i} pins ${pinned} bytes`);
    }
    const [before, after] = [PutRequest.encode({ lease: 1n }), PutRequest.encode({ lease: 2n })];
    after.fill(0xff);
    t.same(before, Uint8Array.of(0x18, 1), 'writing to one result leaves the others alone');
    t.same(PutRequest.encode({ lease: 3n }), Uint8Array.of(0x18, 3));
    t.end();
  },
);

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
    'a uint32 that is a fraction': () => HashResponse.encode({ hash: 0.5 }),
    'a negative uint32': () => HashResponse.encode({ hash: -1 }),
    'a uint32 of 33 bits': () => HashResponse.encode({ hash: 2 ** 32 }),
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

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
    if (rest < 128) return Uint8Array.from(bytes);
  }
}
