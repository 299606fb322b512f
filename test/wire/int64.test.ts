import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import {
  highWordOfBigint,
  highWordOfNumber,
  int64ToBigint,
  int64ToNumber,
  lowWordOfBigint,
  lowWordOfNumber,
  uint64ToBigint,
  uint64ToNumber,
} from '../../src/wire/index.js';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

/** The edges of every range that matters, each with its neighbours and negatives, then random values. */
const values = [0n, 7n, 31n, 32n, 33n, 52n, 53n, 54n, 62n, 63n, 64n]
  .flatMap((bits) => [-2n, -1n, 0n, 1n, 2n].map((delta) => 2n ** bits + delta))
  .flatMap((value) => [value, -value])
  .concat(randomValues());

t.test(`int64: words and integers convert both ways, and clamp as numbers (SEED=${seed})`, (t) => {
  for (const value of values) {
    const low = Number(BigInt.asUintN(32, value));
    const high = Number(BigInt.asUintN(32, value >> 32n));
    const signed = BigInt.asIntN(64, value);
    const unsigned = BigInt.asUintN(64, value);
    t.equal(int64ToBigint(low, high), signed);
    t.equal(uint64ToBigint(low, high), unsigned);
    t.equal(int64ToNumber(low, high), Number(clamp(signed)));
    t.equal(uint64ToNumber(low, high), Number(clamp(unsigned)));
    for (const id of [signed, unsigned]) {
      t.same([lowWordOfBigint(id), highWordOfBigint(id)], [low, high]);
    }
  }
  t.end();
});

t.test(`int64: safe numbers split into two's complement (SEED=${seed})`, (t) => {
  for (const value of values.filter((value) => clamp(value) === value)) {
    const number = Number(value);
    t.equal(lowWordOfNumber(number), Number(BigInt.asUintN(32, value)));
    t.equal(highWordOfNumber(number), Number(BigInt.asUintN(32, value >> 32n)));
  }
  t.end();
});

function clamp(value: bigint): bigint {
  if (value > safeMax) return safeMax;
  return value < -safeMax ? -safeMax : value;
}

function randomValues(): bigint[] {
  const prng = new Prng(seed);
  return Array.from({ length: 500 }, () => {
    const value = prng.uint64() >> BigInt(prng.int(0, 64));
    return prng.chance(0.5) ? value : -value;
  });
}
