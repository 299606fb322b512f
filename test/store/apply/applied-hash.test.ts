import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { AppliedHash } from '../../../src/store/apply/applied-hash.js';

type Step = number | Uint8Array;

function hashOf(steps: readonly Step[], from = 0n): bigint {
  const hash = new AppliedHash(from);
  for (const step of steps) {
    if (typeof step === 'number') hash.addNumber(step);
    else hash.addBytes(step);
  }
  return hash.value;
}

t.test('AppliedHash goes on from a stored value as if it had never stopped', async (t) => {
  const prng = new Prng(1);
  for (let i = 0; i < 200; i++) {
    const steps: Step[] = Array.from({ length: 10 }, () =>
      prng.chance(0.5) ? prng.int(0, 2 ** 31) * 5000 : prng.bytes(prng.int(0, 20)),
    );
    const at = prng.int(0, 10);
    const stored = hashOf(steps.slice(0, at));
    t.ok(stored >= 0n && stored < 2n ** 64n);
    t.equal(hashOf(steps.slice(at), stored), hashOf(steps));
  }
});

t.test(
  'AppliedHash differs when anything differs: a bit, a length, the order, the split',
  async (t) => {
    const bytes = (...list: number[]) => new Uint8Array(list);
    const numbers: Step[][] = [[], [0], [0, 0], [1], [0, 1], [2 ** 32], [2 ** 40]];
    t.equal(new Set(numbers.map((steps) => hashOf(steps))).size, numbers.length);
    const variants: Step[][] = [
      [],
      [bytes()],
      [bytes(0)],
      [bytes(0, 0)],
      [bytes(0, 0, 0, 0)],
      [bytes(0, 0, 0, 0, 0)],
      [bytes(1, 2, 3, 4, 5)],
      [bytes(1, 2, 3, 4, 6)],
      [bytes(2, 1, 3, 4, 5)],
      [bytes(1, 2, 3, 4), bytes(5)],
      [bytes(1, 2), bytes(3, 4, 5)],
      [bytes(5), bytes(1, 2, 3, 4)],
    ];
    t.equal(new Set(variants.map((steps) => hashOf(steps))).size, variants.length);
  },
);

t.test('AppliedHash has no collision among single-bit changes', async (t) => {
  const prng = new Prng(2);
  const base = prng.bytes(64);
  const seen = new Set([hashOf([base])]);
  for (let bit = 0; bit < 512; bit++) {
    const changed = base.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    seen.add(hashOf([changed]));
  }
  t.equal(seen.size, 513);
});
