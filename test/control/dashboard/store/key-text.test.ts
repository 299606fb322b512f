import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { keyOfText, textOfKey } from '../../../../src/control/dashboard/store/key-text.js';

const table: readonly (readonly [bytes: readonly number[], text: string])[] = [
  [[], ''],
  [[0x2f, 0x61], '/a'],
  [[0x5c], '\\\\'],
  [[0x00, 0x1f, 0x7f], '\\x00\\x1f\\x7f'],
  [[0xc3, 0xa9], 'é'],
  [[0xf0, 0x9f, 0x9a, 0xa2], '🚢'],
  [[0x61, 0xff, 0xc3], 'a\\xff\\xc3'],
  [[0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
];

t.test('textOfKey shows keys as text that leads back to them', (t) => {
  for (const [bytes, text] of table) {
    const key = Uint8Array.from(bytes);
    t.equal(textOfKey(key), text);
    t.same(keyOfText(text), key);
  }
  t.end();
});

t.test('keyOfText is the reverse of textOfKey for random bytes', (t) => {
  const seed = 99;
  const prng = new Prng(seed);
  for (let round = 0; round < 2000; round++) {
    const key = prng.bytes(prng.int(0, 8));
    t.same(keyOfText(textOfKey(key)), key, `seed ${seed}, round ${round}`);
  }
  t.end();
});

t.test('keyOfText refuses escapes that it does not know', (t) => {
  for (const text of ['\\', 'a\\n', '\\x1', '\\xzz', '\\\\\\']) {
    t.throws(() => keyOfText(text), { code: 400 }, text);
  }
  t.end();
});
