import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { sortedOrder } from '../../../src/store/mvcc/sorted-order.js';

/** Different texts of bytes: numbered, sparse, one the beginning of another, of zeros. */
function randomTexts(prng: Prng): string[] {
  const texts = new Set<string>();
  const count = prng.pick([0, 1, 2, 255, 256, 257, 3000]);
  const prefix = 'p'.repeat(prng.int(0, 30));
  const shape = prng.int(0, 5);
  for (let i = 0; i < count; i++) {
    const byte = (below = 256) => String.fromCharCode(prng.int(0, below));
    if (shape === 0) texts.add(prefix + String(prng.int(0, 100_000)).padStart(9, '0'));
    else if (shape === 1) texts.add(prefix + Buffer.from(prng.bytes(6)).toString('latin1'));
    else if (shape === 2)
      texts.add(Array.from({ length: prng.int(0, 12) }, () => byte(2)).join(''));
    else if (shape === 3) texts.add('\0'.repeat(prng.int(0, 600)));
    else texts.add(prefix + byte() + 'x'.repeat(prng.int(0, 5)) + byte(3));
  }
  return [...texts].sort(() => prng.int(0, 3) - 1);
}

t.test('sortedOrder sorts as Array.sort does, by bytes', async (t) => {
  for (let seed = 1; seed <= 150; seed++) {
    const texts = randomTexts(new Prng(seed));
    const sorted = Array.from(runToEnd(sortedOrder(texts)), (i) => texts[i]);
    const expected = [...texts].sort((a, b) => (a < b ? -1 : 1));
    if (JSON.stringify(sorted) !== JSON.stringify(expected)) t.fail(`seed ${seed}`);
  }
});

t.test('sortedOrder yields on the way, also among keys that are alike', async (t) => {
  const texts = Array.from({ length: 100_000 }, (_, i) => `key${String(i).padStart(12, '0')}`);
  let yields = 0;
  for (const _ of sortedOrder(texts)) yields++;
  t.ok(yields > 5, `${yields}`);
});

t.test('sortedOrder sorts more than a million keys that differ by a carry', async (t) => {
  const texts = Array.from({ length: 2 ** 20 + 1 }, (_, i) => `a\xff\xff\xff${i}`);
  texts.push('b', 'a');
  const order = runToEnd(sortedOrder(texts));
  t.equal(texts[order[0] as number], 'a');
  t.equal(texts[order[order.length - 1] as number], 'b');
  const isSorted = order.every(
    (at, i) => i === 0 || (texts[order[i - 1] as number] as string) < (texts[at] as string),
  );
  t.ok(isSorted);
});

function runToEnd<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
