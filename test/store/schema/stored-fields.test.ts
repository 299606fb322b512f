import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { StoredFields } from '../../../src/store/schema/stored-fields.js';
import { KeyValue } from '../../../src/wire/gen/mvccpb.js';

const counters = [0, 1, 127, 128, 2 ** 31, 2 ** 42 + 5, Number.MAX_SAFE_INTEGER];

t.test(
  'StoredFields.read finds what the generated codec finds, unless there is a lease',
  async (t) => {
    const prng = new Prng(1);
    const fields = new StoredFields();
    for (let i = 0; i < 3000; i++) {
      const kv = {
        key: prng.bytes(prng.int(1, prng.pick([3, 300]))),
        createRevision: prng.pick(counters),
        modRevision: prng.pick(counters),
        version: prng.pick(counters),
        value: prng.bytes(prng.int(0, prng.pick([2, 400]))),
        lease: prng.chance(0.2) ? 5n : 0n,
      };
      const before = prng.bytes(prng.int(0, 5));
      const encoded = KeyValue.encode(kv);
      const bytes = new Uint8Array([...before, ...encoded, 1, 2, 3]);
      const found = fields.read(bytes, before.length, before.length + encoded.length);
      if (found !== (kv.lease === 0n)) t.fail(`case ${i}: ${found}`);
      const { keyFrom, keyTo, createRevision, modRevision, version } = fields;
      t.same(bytes.slice(keyFrom, keyTo), kv.key);
      if (!found) continue;
      t.same(
        { key: bytes.slice(keyFrom, keyTo), createRevision, modRevision, version },
        {
          key: kv.key,
          createRevision: kv.createRevision,
          modRevision: kv.modRevision,
          version: kv.version,
        },
      );
    }
  },
);

t.test('StoredFields.read leaves to the codec what is not as records are written', async (t) => {
  const fields = new StoredFields();
  const table: [string, number[]][] = [
    ['nothing', []],
    ['no key', [24, 2]],
    ['a key that goes beyond the end', [10, 5, 1, 2]],
    ['a value that goes beyond the end', [10, 1, 1, 42, 9, 1]],
    ['a value that ends early', [10, 1, 1, 42, 1, 1, 7]],
    ['an unknown field', [10, 1, 1, 24, 2, 120, 1]],
    ['fields out of order', [24, 2, 10, 1, 1]],
    ['a field twice', [10, 1, 1, 24, 2, 24, 3]],
    ['a number without an end', [10, 1, 1, 24, 255, 255, 255]],
    ['a number of more than 64 bits', [10, 1, 1, 24, ...Array(11).fill(255), 1]],
  ];
  for (const [what, bytes] of table) {
    fields.read(new Uint8Array([10, 1, 7]), 0, 3);
    t.notOk(fields.read(new Uint8Array(bytes), 0, bytes.length), what);
    if (bytes[0] !== 10) t.equal(fields.keyTo, fields.keyFrom, `${what}: a key`);
  }
});
