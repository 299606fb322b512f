import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { crc32, crc32InScript } from '../../src/host/crc32.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

for (const [name, checksum] of [
  ['crc32', crc32],
  ['crc32InScript', crc32InScript],
] as const) {
  t.test(`${name} gives the values that are published for CRC-32`, async (t) => {
    t.equal(checksum(bytes('')), 0);
    t.equal(checksum(bytes('a')), 0xe8b7be43);
    t.equal(checksum(bytes('123456789')), 0xcbf43926);
  });
}

t.test('crc32 and crc32InScript agree, and go on from what came before', async (t) => {
  const prng = new Prng(1);
  for (let i = 0; i < 300; i++) {
    const all = prng.bytes(prng.int(0, 500));
    const cut = prng.int(0, all.length + 1);
    const expected = crc32InScript(all);
    const parts = [all.subarray(0, cut), all.subarray(cut)] as const;
    if (crc32(all) !== expected) t.fail(`case ${i}: native`);
    if (crc32(parts[1], crc32(parts[0])) !== expected) t.fail(`case ${i}: native, in two parts`);
    if (crc32InScript(parts[1], crc32InScript(parts[0])) !== expected) t.fail(`case ${i}: parts`);
  }
});
