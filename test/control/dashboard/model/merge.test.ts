import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { jsonChanges } from '../../../../src/control/dashboard/model/json-diff.js';
import {
  isSame,
  type JsonValue,
  mergeChanges,
} from '../../../../src/control/dashboard/model/merge.js';

const table: readonly {
  readonly name: string;
  readonly of: readonly [base: JsonValue, mine: JsonValue, theirs: JsonValue];
  readonly merged: JsonValue;
  readonly conflicts?: readonly string[];
}[] = [
  {
    name: 'mine alone',
    of: [
      { a: 1, b: 1 },
      { a: 2, b: 1 },
      { a: 1, b: 1 },
    ],
    merged: { a: 2, b: 1 },
  },
  { name: 'theirs alone', of: [{ a: 1 }, { a: 1 }, { a: 3 }], merged: { a: 3 } },
  {
    name: 'both, elsewhere',
    of: [
      { a: 1, b: 1 },
      { a: 2, b: 1 },
      { a: 1, b: 3 },
    ],
    merged: { a: 2, b: 3 },
  },
  { name: 'both, the same', of: [{ a: 1 }, { a: 2 }, { a: 2 }], merged: { a: 2 } },
  { name: 'mine removes', of: [{ a: 1, b: 1 }, { b: 1 }, { a: 1, b: 2 }], merged: { b: 2 } },
  { name: 'theirs removes', of: [{ a: 1, b: 1 }, { a: 1, b: 2 }, { b: 1 }], merged: { b: 2 } },
  { name: 'both add', of: [{}, { a: { x: 1 } }, { a: { y: 2 } }], merged: { a: { x: 1, y: 2 } } },
  {
    name: 'a clash',
    of: [{ s: { a: 1 } }, { s: { a: 2 } }, { s: { a: 3 } }],
    merged: { s: { a: 2 } },
    conflicts: ['s.a'],
  },
  {
    name: 'mine removes what theirs changes',
    of: [{ a: 1 }, {}, { a: 2 }],
    merged: {},
    conflicts: ['a'],
  },
  { name: 'lists are one value', of: [[1], [1, 2], [1, 3]], merged: [1, 2], conflicts: [''] },
];

t.test('mergeChanges', (t) => {
  for (const { name, of, merged, conflicts = [] } of table) {
    t.strictSame(mergeChanges(...of), { merged, conflicts }, name);
  }
  t.end();
});

t.test(
  'mergeChanges of one change is that change, and jsonChanges leads from one value to the other',
  (t) => {
    const seed = 7_041_776;
    const prng = new Prng(seed);
    for (let round = 0; round < 300; round++) {
      const [base, other] = [randomJson(prng, 3), randomJson(prng, 3)];
      const why = `seed ${seed}, round ${round}`;
      t.ok(isSame(mergeChanges(base, other, base).merged, other), why);
      t.ok(isSame(mergeChanges(base, base, other).merged, other), why);
      t.equal(jsonChanges(base, other).length === 0, isSame(base, other), why);
      t.strictSame(jsonChanges(base, structuredClone(base) as JsonValue), [], why);
    }
    t.end();
  },
);

t.test('jsonChanges names places', (t) => {
  const before = { spec: { replicas: 1, list: [{ image: 'a' }] }, gone: true };
  const after = { spec: { replicas: 3, list: [{ image: 'b' }, 'new'] } };
  t.strictSame(jsonChanges(before, after), [
    { path: 'spec.replicas', before: 1, after: 3 },
    { path: 'spec.list[0].image', before: 'a', after: 'b' },
    { path: 'spec.list[1]', before: undefined, after: 'new' },
    { path: 'gone', before: true, after: undefined },
  ]);
  t.strictSame(jsonChanges([1], { 0: 1 }), [{ path: '', before: [1], after: { 0: 1 } }]);
  t.end();
});

function randomJson(prng: Prng, depth: number): JsonValue {
  const kind = prng.int(0, depth === 0 ? 3 : 6);
  if (kind === 0) return prng.int(0, 3);
  if (kind === 1) return ['a', 'b'][prng.int(0, 2)] ?? '';
  if (kind === 2) return prng.int(0, 2) === 0 ? null : true;
  const count = prng.int(0, 4);
  if (kind === 3) return Array.from({ length: count }, () => randomJson(prng, depth - 1));
  const keys = ['x', 'y', 'z', 'w'].slice(0, count);
  return Object.fromEntries(keys.map((key) => [key, randomJson(prng, depth - 1)]));
}
