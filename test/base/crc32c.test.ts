import t from 'tap';
import { crc32c } from '../../src/base/crc32c.js';
import { Prng } from '../../src/base/prng.js';

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** One bit at a time, straight from the definition. */
function crc32cBitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

t.test('crc32c gives the answers of RFC 3720 appendix B.4', async (t) => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  const table: [string, Uint8Array, number][] = [
    ['nothing', new Uint8Array(0), 0],
    ['the check string', ascii('123456789'), 0xe3069283],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['32 ascending', ascending, 0x46dd794e],
    ['32 descending', ascending.toReversed(), 0x113fdb5c],
  ];
  for (const [name, bytes, expected] of table) t.equal(crc32c(bytes), expected, name);
});

t.test('crc32c equals the bitwise definition and may be taken in pieces', async (t) => {
  const seed = 20261121;
  const prng = new Prng(seed);
  for (let round = 0; round < 300; round++) {
    const bytes = prng.bytes(prng.int(0, 200)).subarray(prng.int(0, 3));
    const cut = prng.int(0, bytes.length + 1);
    const expected = crc32cBitwise(bytes);
    const pieces = crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)));
    if (crc32c(bytes) !== expected || pieces !== expected) {
      t.fail(`seed ${seed} round ${round}: ${bytes.length} bytes cut at ${cut}`);
    }
  }
});
