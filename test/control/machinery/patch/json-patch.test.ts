import t from 'tap';
import type { JsonObject, JsonValue } from '../../../../src/control/machinery/json.js';
import {
  applyJsonPatch,
  jsonPatchDepthMax,
  jsonPatchOperationsMax,
} from '../../../../src/control/machinery/patch/json-patch.js';
import { StatusError } from '../../../../src/control/machinery/status.js';

const document = { a: { b: 1, 'c/d': 2, '~': 3, n: null }, list: [1, 2, 3], '': 4 };

const applied: [title: string, patch: JsonValue, result: JsonValue][] = [
  ['no operation', [], document],
  [
    'add a field',
    [{ op: 'add', path: '/a/x', value: 5 }],
    { ...document, a: { ...document.a, x: 5 } },
  ],
  ['add over a field', [{ op: 'add', path: '/list', value: 'x' }], { ...document, list: 'x' }],
  ['add without a value', [{ op: 'add', path: '/list' }], { ...document, list: null }],
  [
    'add before an item',
    [{ op: 'add', path: '/list/1', value: 9 }],
    { ...document, list: [1, 9, 2, 3] },
  ],
  [
    'add behind the last item',
    [{ op: 'add', path: '/list/3', value: 9 }],
    { ...document, list: [1, 2, 3, 9] },
  ],
  ['append', [{ op: 'add', path: '/list/-', value: 9 }], { ...document, list: [1, 2, 3, 9] }],
  [
    'add from the end',
    [{ op: 'add', path: '/list/-1', value: 9 }],
    { ...document, list: [1, 2, 3, 9] },
  ],
  ['remove an item', [{ op: 'remove', path: '/list/0' }], { ...document, list: [2, 3] }],
  ['remove from the end', [{ op: 'remove', path: '/list/-1' }], { ...document, list: [1, 2] }],
  [
    'remove a field without a name',
    [{ op: 'remove', path: '/' }],
    { a: document.a, list: document.list },
  ],
  [
    'escapes in a pointer',
    [
      { op: 'remove', path: '/a/c~1d' },
      { op: 'replace', path: '/a/~0', value: 0 },
    ],
    { ...document, a: { b: 1, '~': 0, n: null } },
  ],
  ['replace the document', [{ op: 'replace', path: '', value: { z: 1 } }], { z: 1 }],
  [
    'replace a field that is not there',
    [{ op: 'replace', path: '/x', value: 1 }],
    { ...document, x: 1 },
  ],
  [
    'replace an item',
    [{ op: 'replace', path: '/list/2', value: 9 }],
    { ...document, list: [1, 2, 9] },
  ],
  ['move a field', [{ op: 'move', from: '/list', path: '/a' }], { a: [1, 2, 3], '': 4 }],
  [
    'move within a list',
    [{ op: 'move', from: '/list/0', path: '/list/2' }],
    { ...document, list: [2, 3, 1] },
  ],
  ['copy', [{ op: 'copy', from: '/list', path: '/l' }], { ...document, l: [1, 2, 3] }],
  ['copy what is not there', [{ op: 'copy', from: '/none', path: '/l' }], { ...document, l: null }],
  [
    'a copy is its own',
    [
      { op: 'copy', from: '/list', path: '/l' },
      { op: 'remove', path: '/l/0' },
    ],
    { ...document, l: [2, 3] },
  ],
  [
    'tests that hold',
    [
      { op: 'test', path: '/a', value: { n: null, '~': 3, 'c/d': 2, b: 1 } },
      { op: 'test', path: '', value: document },
      { op: 'test', path: '/none', value: null },
      { op: 'test', path: '/none' },
      { op: 'test', path: '/a/n', value: null },
      { op: 'test', path: '/list/-1', value: 3 },
    ],
    document,
  ],
  [
    'a field named __proto__',
    [
      { op: 'add', path: '/__proto__', value: { x: 1 } },
      { op: 'add', path: '/y', value: 1 },
    ],
    JSON.parse(`{"y":1,"__proto__":{"x":1},${JSON.stringify(document).slice(1)}`),
  ],
];
for (const [title, patch, result] of applied) {
  t.test(`applyJsonPatch: ${title}`, async (t) => {
    const before = JSON.stringify([document, patch]);
    t.strictSame(applyJsonPatch(document, patch), result);
    t.equal(
      JSON.stringify([document, patch]),
      before,
      'neither the document nor the patch changes',
    );
  });
}

const notApplied: [title: string, operation: JsonObject, why: string][] = [
  [
    'add in nothing',
    { op: 'add', path: '/x/y', value: 1 },
    'add operation does not apply: doc is missing path: "/x/y": missing value',
  ],
  [
    'add in a scalar',
    { op: 'add', path: '/a/b/c', value: 1 },
    'add operation does not apply: doc is missing path: "/a/b/c": missing value',
  ],
  [
    'add in null',
    { op: 'add', path: '/a/n/c', value: 1 },
    'add operation does not apply: doc is missing path: "/a/n/c": missing value',
  ],
  [
    'add to the whole document',
    { op: 'add', path: '', value: {} },
    'add operation does not apply: doc is missing path: "": missing value',
  ],
  [
    'add far behind the end',
    { op: 'add', path: '/list/4', value: 1 },
    'Unable to access invalid index: 4: invalid index referenced',
  ],
  [
    'add at no index',
    { op: 'add', path: '/list/x', value: 1 },
    'Unable to access invalid index: x: invalid index referenced',
  ],
  [
    'add far before the start',
    { op: 'add', path: '/list/-5', value: 1 },
    'Unable to access invalid index: -5: invalid index referenced',
  ],
  [
    'add without a path',
    { op: 'add', value: 1 },
    'add operation failed to decode path: missing value',
  ],
  [
    'remove what is not there',
    { op: 'remove', path: '/x' },
    'Unable to remove nonexistent key: x: missing value',
  ],
  [
    'remove an inherited name',
    { op: 'remove', path: '/constructor' },
    'Unable to remove nonexistent key: constructor: missing value',
  ],
  [
    'remove behind the end',
    { op: 'remove', path: '/list/3' },
    'Unable to access invalid index: 3: invalid index referenced',
  ],
  [
    'replace behind the end',
    { op: 'replace', path: '/list/3', value: 1 },
    'Unable to access invalid index: 3: invalid index referenced',
  ],
  [
    'replace the document by a scalar',
    { op: 'replace', path: '', value: 1 },
    'replace operation value must be object or array',
  ],
  [
    'move what is not there',
    { op: 'move', from: '/x', path: '/y' },
    'Unable to remove nonexistent key: x: missing value',
  ],
  [
    'move into itself',
    { op: 'move', from: '/a', path: '/a/x' },
    'move operation does not apply: doc is missing destination path: /a/x: missing value',
  ],
  [
    'move without from',
    { op: 'move', path: '/a' },
    'move operation failed to decode from: missing value',
  ],
  [
    'copy from nowhere',
    { op: 'copy', from: '/x/y', path: '/a' },
    'copy operation does not apply: doc is missing from path: /x/y: missing value',
  ],
  [
    'a test that fails',
    { op: 'test', path: '/a/b', value: '1' },
    'testing value /a/b failed: test failed',
  ],
  [
    'a test for null that fails',
    { op: 'test', path: '/a/b', value: null },
    'testing value /a/b failed: test failed',
  ],
  [
    'a test without a path',
    { op: 'test', path: '/x/y', value: 1 },
    'test operation does not apply: is missing path: /x/y: missing value',
  ],
  ['an unknown operation', { op: 'merge', path: '/a' }, 'Unexpected kind: merge'],
  ['no operation', { path: '/a' }, 'Unexpected kind: unknown'],
];
for (const [title, operation, why] of notApplied) {
  t.test(`applyJsonPatch does not apply: ${title}`, async (t) => {
    const error = failureOf(() => applyJsonPatch(document, [operation]));
    t.equal(error.code, 422);
    t.equal(error.reason, 'Invalid');
    t.equal(error.message, 'the server rejected our request due to an error in our request');
    t.strictSame(error.status.details, {});
    t.equal((error.cause as Error).message, why);
  });
}

t.test('applyJsonPatch finds its way through lists', async (t) => {
  const patch = [{ op: 'replace', path: '/l/1/a', value: 3 }];
  t.strictSame(applyJsonPatch({ l: [{ a: 1 }, { a: 2 }] }, patch), { l: [{ a: 1 }, { a: 3 }] });
  t.throws(() => applyJsonPatch({ l: [{ a: 1 }] }, patch), { code: 422 });
});

t.test('applyJsonPatch applies all operations or none', async (t) => {
  const before = JSON.stringify(document);
  const patch = [
    { op: 'remove', path: '/a' },
    { op: 'remove', path: '/x' },
  ];
  t.throws(() => applyJsonPatch(document, patch));
  t.equal(JSON.stringify(document), before);
});

const noPatches: [patch: JsonValue, message: string][] = [
  [{}, 'json: cannot unmarshal object into Go value of type jsonpatch.Patch'],
  ['x', 'json: cannot unmarshal string into Go value of type jsonpatch.Patch'],
  [[1], 'json: cannot unmarshal number into Go value of type jsonpatch.Operation'],
  [[[]], 'json: cannot unmarshal array into Go value of type jsonpatch.Operation'],
];
for (const [patch, message] of noPatches) {
  t.test(`applyJsonPatch refuses ${JSON.stringify(patch)}`, async (t) => {
    t.throws(() => applyJsonPatch({}, patch), { code: 400, reason: 'BadRequest', message });
  });
}

t.test('applyJsonPatch takes 10,000 operations and refuses one more', async (t) => {
  const operations = Array.from({ length: jsonPatchOperationsMax }, () => ({
    op: 'add',
    path: '/n',
    value: 1,
  }));
  t.strictSame(applyJsonPatch({}, operations), { n: 1 });
  t.throws(() => applyJsonPatch({}, [...operations, { op: 'remove', path: '/n' }]), {
    code: 413,
    message:
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
  });
});

t.test('applyJsonPatch refuses copies that double until they fill the memory', async (t) => {
  const patch = Array.from({ length: 60 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
  const error = failureOf(() => applyJsonPatch({ a: ['x'] }, patch));
  t.match((error.cause as Error).message, /^Unable to complete the copy, the accumulated size/);
});

t.test('applyJsonPatch refuses to nest deeper than any body could', async (t) => {
  const path = (levels: number) => '/a'.repeat(levels);
  const deeper = (levels: number) =>
    Array.from({ length: levels }, (_, at) => ({ op: 'add', path: path(at + 1), value: {} }));
  t.ok(applyJsonPatch({}, deeper(jsonPatchDepthMax - 1)));
  const error = failureOf(() => applyJsonPatch({}, deeper(jsonPatchDepthMax + 1)));
  t.match((error.cause as Error).message, /levels/);
  // Each round hangs a copy of the chain below its own end.
  const doubling = Array.from({ length: 11 }, (_, round) => [
    { op: 'copy', from: '/a', path: '/b' },
    { op: 'move', from: '/b', path: path(2 ** round + 1) },
  ]).flat();
  t.match((failureOf(() => applyJsonPatch({ a: {} }, doubling)).cause as Error).message, /levels/);
});

function failureOf(run: () => unknown): StatusError {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
