import t from 'tap';
import type { JsonObject, JsonValue } from '../../../../src/control/machinery/json.js';
import { applyMergePatch } from '../../../../src/control/machinery/patch/merge-patch.js';

/** The first ten are those of RFC 7386's appendix that have objects on both sides. */
const applied: [document: JsonObject, patch: JsonObject, result: JsonObject][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  [{ a: 1 }, {}, { a: 1 }],
  [{ a: [1] }, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
  // Beyond the RFC, as the API has it: nulls go from objects within new lists, and stay as items.
  [{}, { a: [{ b: null, c: 1 }, null, [{ d: null }]] }, { a: [{ c: 1 }, null, [{}]] }],
  [{ a: {} }, { a: [{ b: null }] }, { a: [{ b: null }] }],
];
for (const [document, patch, result] of applied) {
  t.test(
    `applyMergePatch of ${JSON.stringify(patch)} to ${JSON.stringify(document)}`,
    async (t) => {
      const before = JSON.stringify([document, patch]);
      t.strictSame(applyMergePatch(document, patch), result);
      t.equal(JSON.stringify([document, patch]), before, 'neither changes');
    },
  );
}

t.test('applyMergePatch shares nothing with the patch', async (t) => {
  const patch = { a: { b: [{ c: 1 }] } };
  const result = applyMergePatch({ a: { b: {} } }, patch) as typeof patch;
  result.a.b[0]!.c = 2;
  t.equal(patch.a.b[0]!.c, 1);
});

t.test('applyMergePatch sets a field named __proto__ like any other', async (t) => {
  const patch = JSON.parse('{"data":{"__proto__":{"x":1}}}') as JsonObject;
  const result = applyMergePatch({ data: { a: 'b' } }, patch);
  t.equal(JSON.stringify(result), '{"data":{"a":"b","__proto__":{"x":1}}}');
  t.equal(({} as { x?: number }).x, undefined);
});

for (const patch of [null, 1, 'x', [], [{ a: 1 }]] as JsonValue[]) {
  t.test(`applyMergePatch refuses ${JSON.stringify(patch)}`, async (t) => {
    t.throws(() => applyMergePatch({}, patch), {
      code: 400,
      reason: 'BadRequest',
      message: 'Invalid JSON Patch',
    });
  });
}
