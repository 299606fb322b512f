import t from 'tap';
import {
  compareBytes,
  concatBytes,
  equalBytes,
  fromHex,
  fromLatin1,
  getSafeUint64,
  setSafeUint64,
  toHex,
  toLatin1,
  viewOf,
} from '../../src/base/bytes.js';
import { Prng } from '../../src/base/prng.js';

t.test('compareBytes orders as unsigned bytes and agrees with latin1 strings', async (t) => {
  const prng = new Prng(7);
  for (let round = 0; round < 500; round++) {
    const a = prng.bytes(prng.int(0, 4)).map((byte) => byte & 0x81);
    const b = prng.bytes(prng.int(0, 4)).map((byte) => byte & 0x81);
    const byText = toLatin1(a) < toLatin1(b) ? -1 : toLatin1(a) > toLatin1(b) ? 1 : 0;
    t.equal(Math.sign(compareBytes(a, b)), byText);
    t.equal(equalBytes(a, b), byText === 0);
  }
});

t.test('toLatin1 and toHex round-trip every byte, short and long', async (t) => {
  for (const length of [0, 1, 16, 17, 64, 65, 256, 4096, 4097, 20_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
    t.same(fromLatin1(toLatin1(bytes)), bytes);
    t.equal(toLatin1(bytes.subarray(1)), toLatin1(bytes).slice(1));
    t.same(fromHex(toHex(bytes)), bytes);
  }
});

t.test('fromHex refuses what is not hex', async (t) => {
  for (const text of ['a', 'zz', '0x', '12 4']) t.equal(fromHex(text), null, text);
  t.same(fromHex('00fFAb'), Uint8Array.of(0, 255, 171));
});

t.test('concatBytes joins in order', async (t) => {
  t.same(concatBytes([]), new Uint8Array(0));
  t.same(
    concatBytes([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)]),
    Uint8Array.of(1, 2, 3),
  );
});

t.test('setSafeUint64 is read back by getSafeUint64 and by getBigUint64', async (t) => {
  const bytes = new Uint8Array(12);
  for (const value of [0, 1, 0xffffffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER]) {
    setSafeUint64(viewOf(bytes), 3, value);
    t.equal(getSafeUint64(viewOf(bytes), 3), value);
    t.equal(viewOf(bytes).getBigUint64(3, true), BigInt(value));
  }
});
