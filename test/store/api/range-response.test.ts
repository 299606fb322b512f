import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { encodeRange } from '../../../src/store/api/range-response.js';
import { RangeResponse, ResponseHeader } from '../../../src/wire/gen/etcdserverpb.js';
import { KeyValue } from '../../../src/wire/gen/mvccpb.js';

const firstSeed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const seedCount = process.env.SEED === undefined ? 300 : 1;

function randomBytes(prng: Prng, sizes: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(prng.pick(sizes));
  for (let i = 0; i < bytes.length; i++) bytes[i] = prng.int(0, 256);
  return bytes;
}

/** Numbers on both sides of the steps in a varint's size. */
function randomCounter(prng: Prng): number {
  return prng.pick([0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1]);
}

t.test('encodeRange makes the bytes of the generated codec', async (t) => {
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const prng = new Prng(seed);
    const header = {
      clusterId: prng.uint64(),
      memberId: prng.uint64(),
      revision: randomCounter(prng),
      raftTerm: randomCounter(prng),
    };
    const kvs = Array.from({ length: prng.pick([0, 1, 2, 30]) }, () => ({
      key: randomBytes(prng, [1, 10, 127, 128, 300]),
      createRevision: randomCounter(prng),
      modRevision: randomCounter(prng),
      version: randomCounter(prng),
      value: randomBytes(prng, [0, 1, 100, 127, 128, 5_000, 20_000]),
      lease: prng.chance(0.5) ? 0n : prng.uint64() >> 1n,
    }));
    const more = prng.chance(0.5);
    const count = randomCounter(prng);
    const encoded = encodeRange(ResponseHeader.encode(header), {
      revision: header.revision,
      kvs: kvs.map((kv) => KeyValue.encode(kv)),
      more,
      count,
    });
    const expected = RangeResponse.encode({ header, kvs, more, count });
    if (Buffer.compare(encoded, expected) !== 0) t.fail(`other bytes: SEED=${seed}`);
  }
  t.pass(`${seedCount} seeds from ${firstSeed}`);
});
