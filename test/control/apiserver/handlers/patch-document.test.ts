import t from 'tap';
import {
  operationProblems,
  readPatchDocument,
} from '../../../../src/control/apiserver/handlers/patch-document.js';

const read = (text: string, fieldValidation: 'Strict' | 'Ignore' = 'Strict') =>
  readPatchDocument(new TextEncoder().encode(text), fieldValidation);

t.test('readPatchDocument tells what is said twice', (t) => {
  const cases: readonly [string, unknown, readonly string[]][] = [
    ['{"a":{"b":1}}', { a: { b: 1 } }, []],
    ['{"a":1,"a":2}', { a: 2 }, ['duplicate field "a"']],
    ['{"a":[{"b":1},{"b":1,"b":2}]}', { a: [{ b: 1 }, { b: 2 }] }, ['duplicate field "a[1].b"']],
    ['{"a":"{\\"b\\":1,\\"b\\":2}"}', { a: '{"b":1,"b":2}' }, []],
    ['{"a":1.5,"a":9007199254740993}', { a: 9007199254740992 }, ['duplicate field "a"']],
  ];
  for (const [text, value, problems] of cases) {
    t.same(read(text), { value, problems }, text);
    t.same(read(text, 'Ignore').problems, [], text);
  }
  t.end();
});

t.test('readPatchDocument and operationProblems refuse in the words of a decoder', (t) => {
  const cases: readonly [string, string][] = [
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{}', 'json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    ['"x"', 'json: cannot unmarshal string into Go value of type []handlers.jsonPatchOp'],
    ['[1]', 'json: cannot unmarshal number into Go value of type handlers.jsonPatchOp'],
    [
      '[{"op":true}]',
      'json: cannot unmarshal bool into Go struct field jsonPatchOp.op of type string',
    ],
  ];
  for (const [text, problem] of cases) {
    const message = `error decoding patch: ${problem}`;
    t.throws(() => operationProblems(read(text)), { code: 400, message }, text);
  }
  t.end();
});

t.test('readPatchDocument refuses what is nested too deep, however deep it is', (t) => {
  for (const levels of [1001, 10_000, 1_000_000]) {
    const deep = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    for (const text of [deep, `${'['.repeat(levels)}${']'.repeat(levels)}`])
      for (const validation of ['Strict', 'Ignore'] as const)
        t.throws(() => read(text, validation), {
          ...{ code: 400, message: 'error decoding patch: exceeded max depth' },
        });
  }
  t.doesNotThrow(() => read(`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`));
  t.end();
});

t.test('operationProblems knows the members of operations', (t) => {
  const text = '[{"op":"test","path":"/a","value":{"x":1}},null,{"op":"move","from":"/a","of":1}]';
  t.same(operationProblems(read(text)), ['json patch unknown field "[2].of"']);
  t.same(operationProblems(read('null')), []);
  t.end();
});
