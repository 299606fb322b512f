import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { KeyChooser, keyOf, keySizeMin, writeKeyNumber } from '../../../src/cmd/bench/keys.js';

t.test(
  'writeKeyNumber: gives the same bytes as a new key, whatever was there before',
  async (t) => {
    const seed = Date.now() % 1_000_000;
    const prng = new Prng(seed);
    const size = 20;
    const bytes = new Uint8Array([0xff, ...keyOf(0, size), 0x39]);
    for (let i = 0; i < 2000; i++) {
      const number = prng.int(0, 10 ** prng.int(1, 9));
      writeKeyNumber(bytes, 1 + size, { number, digits: 9 });
      t.same(bytes.subarray(1, 1 + size), keyOf(number, size), `seed ${seed}: ${number}`);
    }
    t.equal(bytes[0], 0xff);
    t.equal(bytes.at(-1), 0x39, 'nothing beside the key is touched');
  },
);

t.test(
  'keyOf: every key of a key space fits into the smallest size, and they differ',
  async (t) => {
    for (const keySpace of [1, 10, 11, 1000]) {
      const size = keySizeMin(keySpace);
      t.throws(() => keyOf(keySpace - 1, size - 1), 'one byte less is too short');
      const keys = Array.from({ length: keySpace }, (_, i) => keyOf(i, size).join());
      t.equal(new Set(keys).size, keySpace);
    }
  },
);

t.test(
  'KeyChooser: sequential keys of several processes cover the key space together',
  async (t) => {
    const choosers = [0, 1, 2].map(
      (offset) => new KeyChooser({ keySpace: 9, offset, stride: 3, prng: null }),
    );
    const chosen = choosers.flatMap((chooser) => [chooser.next(), chooser.next(), chooser.next()]);
    t.same(
      chosen.sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
    );
    t.equal(choosers[0]!.next(), 0, 'and go around');
  },
);

t.test('KeyChooser: random keys are of the key space, and all of it', async (t) => {
  const chooser = new KeyChooser({ keySpace: 7, offset: 0, stride: 1, prng: new Prng(1) });
  const seen = new Set(Array.from({ length: 500 }, () => chooser.next()));
  t.same([...seen].sort(), [0, 1, 2, 3, 4, 5, 6]);
});
