import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { cloneJson } from '../../../src/control/machinery/clone.js';
import { deepEqual, semanticEqual } from '../../../src/control/machinery/deep-equal.js';
import type { JsonObject, JsonValue } from '../../../src/control/machinery/json.js';
import { getField, setField } from '../../../src/control/machinery/json-object.js';

function randomJson(prng: Prng, depth = 3): JsonValue {
  const kind = prng.int(0, depth === 0 ? 4 : 6);
  if (kind === 4) return Array.from({ length: prng.int(0, 4) }, () => randomJson(prng, depth - 1));
  if (kind === 5) {
    const object: JsonObject = {};
    for (let i = prng.int(0, 4); i > 0; i--) {
      setField(
        object,
        prng.pick(['a', 'b', '__proto__', 'constructor']),
        randomJson(prng, depth - 1),
      );
    }
    return object;
  }
  return [null, prng.chance(0.5), prng.int(0, 3), prng.pick(['', 'x'])][kind] as JsonValue;
}

/** Equal JSON has equal text once its fields are sorted. */
function sortedText(value: JsonValue): string {
  return JSON.stringify(value, (_, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? ['object', ...Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))]
      : item,
  );
}

t.test('deepEqual agrees with the sorted text of random values, seed 1', async (t) => {
  const prng = new Prng(1);
  let equal = 0;
  for (let i = 0; i < 5000; i++) {
    const [a, b] = [randomJson(prng, 2), randomJson(prng, 2)];
    const expected = sortedText(a) === sortedText(b);
    if (expected) equal++;
    if (deepEqual(a, b) !== expected) t.fail(`${sortedText(a)} and ${sortedText(b)}`);
    if (!deepEqual(a, cloneJson(a))) t.fail(`a clone of ${sortedText(a)} differs`);
  }
  t.ok(equal > 50, 'some were equal');
});

t.test('cloneJson shares nothing with the original', async (t) => {
  const original = { a: [{ b: 1 }], c: null };
  const copy = cloneJson(original);
  copy.a[0]!.b = 2;
  t.strictSame(original, { a: [{ b: 1 }], c: null });
});

t.test('a field named __proto__ is a field like any other', async (t) => {
  const object = JSON.parse('{"__proto__":{"evil":true},"a":1}') as JsonObject;
  const copy = cloneJson(object);
  t.strictSame(Object.keys(copy), ['__proto__', 'a']);
  t.strictSame(getField(copy, '__proto__'), { evil: true });
  t.equal((copy as { evil?: boolean }).evil, undefined);
  t.equal(getField({}, '__proto__'), undefined);
  t.equal(getField({}, 'constructor'), undefined);
  t.notOk(deepEqual(JSON.parse('{"__proto__":{}}'), {}));
  t.notOk(deepEqual({}, JSON.parse('{"__proto__":{}}')));
  t.notOk(deepEqual({ constructor: true }, {}));
  t.notOk(deepEqual(object, { a: 1 }));
  t.notOk(deepEqual({ a: 1 }, object));
});

const pairs: [a: unknown, b: unknown, deep: boolean, semantic: boolean][] = [
  [{ a: [] }, {}, false, true],
  [{}, { a: { b: 1 } }, false, false],
  [{ a: {} }, { a: undefined }, false, true],
  [{ a: undefined }, {}, true, true],
  [undefined, [], false, true],
  [null, {}, false, true],
  [{ a: [{ b: [] }] }, { a: [{}] }, false, true],
  [{ a: '' }, {}, false, false],
  [[1, 2], [2, 1], false, false],
  [[], {}, false, true],
  [[1], { 0: 1 }, false, false],
  [0, false, false, false],
];
for (const [a, b, deep, semantic] of pairs) {
  t.test(`equality of ${JSON.stringify(a)} and ${JSON.stringify(b)}`, async (t) => {
    t.equal(deepEqual(a, b), deep);
    t.equal(deepEqual(b, a), deep);
    t.equal(semanticEqual(a, b), semantic);
    t.equal(semanticEqual(b, a), semantic);
  });
}
