import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { SequenceMap } from '../../src/base/sequence-map.js';

t.test('SequenceMap does what a Map does', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const map = new SequenceMap<string>(7);
    const model = new Map<number, string>();
    for (let step = 0; step < 6000; step++) {
      const number = prng.int(0, map.next + 2);
      if (prng.chance(0.5)) {
        const value = `v${step}`;
        const next = map.next;
        if (map.push(value) !== next) t.fail(`seed ${seed}: numbers in order`);
        model.set(next, value);
      } else if (prng.chance(0.7)) {
        // Mostly the oldest.
        const oldest = model.keys().next().value ?? number;
        if (map.take(oldest) !== model.get(oldest)) t.fail(`seed ${seed}: take ${oldest}`);
        model.delete(oldest);
      } else if (prng.chance(0.01)) {
        map.clear();
        model.clear();
      } else {
        if (map.take(number) !== model.get(number)) t.fail(`seed ${seed}: take ${number}`);
        model.delete(number);
      }
      if (map.size !== model.size || map.get(number) !== model.get(number)) {
        t.fail(`seed ${seed} step ${step}`);
      }
    }
    t.same(map.values(), [...model.values()]);
  }
});
