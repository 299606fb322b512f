import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { checkLinearizable, type Interval, type Model } from './linearizability.js';

/** A register: writes have unknown or known outcome, reads return a value. */
type RegisterOp =
  | { readonly kind: 'write'; readonly value: number }
  | { readonly kind: 'read'; readonly value: number }
  /** Succeeds exactly when the register holds `expected`; null: nobody knows whether it did. */
  | {
      readonly kind: 'swap';
      readonly expected: number;
      readonly value: number;
      readonly ok: boolean | null;
    };

const register: Model<number, RegisterOp> = {
  initial: 0,
  step(state, op) {
    if (op.kind === 'write') return op.value;
    if (op.kind === 'read') return op.value === state ? state : undefined;
    const holds = state === op.expected;
    if (op.ok !== null && op.ok !== holds) return undefined;
    return holds ? op.value : state;
  },
  key: String,
  rank: () => 0,
  admits: () => true,
  effect: (op) => JSON.stringify(op),
};

const write = (value: number, call: number, end: number | null): Interval<RegisterOp> => ({
  op: { kind: 'write', value },
  call,
  return: end,
});
const read = (value: number, call: number, end: number): Interval<RegisterOp> => ({
  op: { kind: 'read', value },
  call,
  return: end,
});
const swap = (expected: number, value: number, ok: boolean, call: number, end: number) =>
  ({ op: { kind: 'swap', expected, value, ok }, call, return: end }) as const;

const cases: readonly {
  readonly name: string;
  readonly history: readonly Interval<RegisterOp>[];
  readonly expected: 'linearizable' | 'violation';
}[] = [
  { name: 'an empty history', history: [], expected: 'linearizable' },
  {
    name: 'a read after a write',
    history: [write(1, 0, 1), read(1, 2, 3)],
    expected: 'linearizable',
  },
  { name: 'a stale read', history: [write(1, 0, 1), read(0, 2, 3)], expected: 'violation' },
  {
    name: 'a read beside a write sees the old or the new value',
    history: [write(1, 0, 10), read(0, 1, 2), read(1, 3, 4)],
    expected: 'linearizable',
  },
  {
    name: 'reads beside a write that go back in time',
    history: [write(1, 0, 10), read(1, 1, 2), read(0, 3, 4)],
    expected: 'violation',
  },
  {
    name: 'a write of unknown outcome that takes effect late',
    history: [write(1, 0, null), read(0, 1, 2), read(0, 3, 4), read(1, 5, 6)],
    expected: 'linearizable',
  },
  {
    name: 'a write of unknown outcome that never takes effect',
    history: [write(1, 0, null), read(0, 1, 2)],
    expected: 'linearizable',
  },
  {
    name: 'a write of unknown outcome that takes effect and is undone',
    history: [write(1, 0, null), read(1, 1, 2), read(0, 3, 4)],
    expected: 'violation',
  },
  {
    name: 'a write of unknown outcome seen before it was called',
    history: [read(1, 0, 1), write(1, 2, null)],
    expected: 'violation',
  },
  {
    name: 'two of unknown outcome of which the later one has to come first',
    history: [
      write(1, 0, null),
      { op: { kind: 'swap', expected: 0, value: 1, ok: null }, call: 1, return: null },
      read(1, 2, 3),
      write(2, 4, 5),
      read(1, 6, 7),
    ],
    expected: 'linearizable',
  },
  {
    name: 'two swaps that both win from one value',
    history: [swap(0, 1, true, 0, 5), swap(0, 2, true, 1, 6)],
    expected: 'violation',
  },
  {
    name: 'two swaps of which one wins',
    history: [swap(0, 1, true, 0, 5), swap(0, 2, false, 1, 6)],
    expected: 'linearizable',
  },
  {
    name: 'an answer and a call at one instant count as concurrent',
    history: [write(1, 0, 5), read(0, 5, 6)],
    expected: 'linearizable',
  },
];

for (const { name, history, expected } of cases) {
  t.test(`checkLinearizable finds ${name} to be a ${expected} history`, async (t) => {
    t.equal(checkLinearizable(register, history).kind, expected);
  });
}

t.test('checkLinearizable names the longest order and what does not fit', async (t) => {
  const verdict = checkLinearizable(register, [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)]);
  t.match(verdict, { kind: 'violation' });
  if (verdict.kind !== 'violation') return;
  t.equal(verdict.longest.length, 2);
  t.same(verdict.stuck, [read(1, 4, 5)]);
});

t.test('checkLinearizable gives up at its bound and says so', async (t) => {
  const history = [write(1, 0, 9), write(2, 0, 9), write(3, 0, 9), read(7, 10, 11)];
  t.equal(checkLinearizable(register, history, 5).kind, 'exhausted');
});

t.test('checkLinearizable agrees with trying every order', async (t) => {
  let linearizable = 0;
  for (let seed = 0; seed < 3000; seed++) {
    const history = randomHistory(new Prng(seed));
    const expected = tryEveryOrder(history);
    if (expected) linearizable++;
    const { kind } = checkLinearizable(register, history);
    if ((kind === 'linearizable') !== expected) {
      t.fail(`seed ${seed}: ${kind}, but trying every order says ${expected}`, { history });
      return;
    }
  }
  t.ok(linearizable > 300 && linearizable < 2700, `${linearizable} of 3000 are linearizable`);
});

t.test('checkLinearizable is fast on a long concurrent history', async (t) => {
  const prng = new Prng(7);
  const history: Interval<RegisterOp>[] = [];
  let value = 0;
  for (let i = 1; i < 3000; i++) {
    const call = i * 10 - prng.int(0, 25);
    const end = i * 10 + prng.int(0, 25);
    if (prng.chance(0.5)) {
      history.push(read(value, call, end));
      continue;
    }
    history.push(write(i, call, end));
    value = i;
  }
  const verdict = checkLinearizable(register, history);
  t.equal(verdict.kind, 'linearizable');
  t.ok(verdict.steps < 200_000, `${verdict.steps} steps`);
});

function randomHistory(prng: Prng): Interval<RegisterOp>[] {
  const history: Interval<RegisterOp>[] = [];
  const count = prng.int(2, 9);
  const unknownChance = prng.pick([0.3, 0.8]);
  for (let i = 0; i < count; i++) {
    const call = prng.int(0, 12);
    const end = call + prng.int(0, 8);
    const kind = prng.pick(['read', 'write', 'swap'] as const);
    const isUnknown = kind !== 'read' && prng.chance(unknownChance);
    const value = prng.int(0, 3);
    if (kind === 'read') history.push(read(value, call, end));
    else if (kind === 'write') history.push(write(value, call, isUnknown ? null : end));
    else {
      const ok = isUnknown ? null : prng.chance(0.5);
      const expected = prng.int(0, 3);
      history.push({ op: { kind, expected, value, ok }, call, return: isUnknown ? null : end });
    }
  }
  return history;
}

/** The definition itself: any subset of the unknown operations, in any order that respects real time. */
function tryEveryOrder(history: readonly Interval<RegisterOp>[]): boolean {
  const extend = (state: number, left: readonly Interval<RegisterOp>[]): boolean => {
    if (left.every((operation) => operation.return === null)) return true;
    return left.some((operation) => {
      const others = left.filter((other) => other !== operation);
      if (others.some((other) => other.return !== null && other.return < operation.call)) {
        return false;
      }
      const next = register.step(state, operation.op);
      return next !== undefined && extend(next, others);
    });
  };
  return extend(register.initial, history);
}
