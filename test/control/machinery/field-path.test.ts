import t from 'tap';
import type { FieldError } from '../../../src/control/machinery/field-errors.js';
import {
  duplicate,
  fieldErrorText,
  fieldPath,
  forbiddenField,
  internalFieldError,
  invalidValue,
  joinFieldErrors,
  notFoundValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../../../src/control/machinery/field-path.js';
import { utf8Length } from '../../../src/control/machinery/quote.js';

const paths: [text: string, path: { toString(): string }][] = [
  ['<nil>', fieldPath()],
  ['spec', fieldPath('spec')],
  ['[]', fieldPath('')],
  ['values[0][a/b]', fieldPath().child('values').index(0).key('a/b')],
  ['spec.containers[2].name', fieldPath('spec', 'containers').index(2).child('name')],
  ['metadata.labels[x.y/z]', fieldPath('metadata').child('labels').key('x.y/z')],
  ['[3].a', fieldPath().index(3).child('a')],
];
for (const [text, path] of paths) {
  t.test(`FieldPath is shown as ${text}`, async (t) => {
    t.equal(path.toString(), text);
  });
}

t.test('FieldPath is immutable: a child leaves its parent as it is', async (t) => {
  const parent = fieldPath('spec');
  parent.child('a').index(1);
  t.equal(parent.toString(), 'spec');
});

const at = fieldPath('f');
const errors: [text: string, type: FieldError['type'], error: FieldError][] = [
  ['f: Required value', 'FieldValueRequired', required(at, '')],
  ['f: Required value: why', 'FieldValueRequired', required(at, 'why')],
  ['f: Invalid value: "a\\"b\\n": why', 'FieldValueInvalid', invalidValue(at, 'a"b\n', 'why')],
  ['f: Invalid value: "é\\x00\\u200b😀"', 'FieldValueInvalid', invalidValue(at, 'é\0\u200b😀', '')],
  ['f: Invalid value: 7: why', 'FieldValueInvalid', invalidValue(at, 7, 'why')],
  ['f: Invalid value: true: why', 'FieldValueInvalid', invalidValue(at, true, 'why')],
  ['f: Invalid value: null: why', 'FieldValueInvalid', invalidValue(at, null, 'why')],
  ['f: Invalid value: null: why', 'FieldValueInvalid', invalidValue(at, undefined, 'why')],
  [
    'f: Invalid value: {"a":["\\u003cb\\u003e"]}: why',
    'FieldValueInvalid',
    invalidValue(at, { a: ['<b>'] }, 'why'),
  ],
  ['f: Invalid value: "x": why', 'FieldValueTypeInvalid', typeInvalid(at, 'x', 'why')],
  [
    'f: Unsupported value: "x": supported values: "b", "a"',
    'FieldValueNotSupported',
    notSupported(at, 'x', ['b', 'a']),
  ],
  ['f: Unsupported value: "x"', 'FieldValueNotSupported', notSupported(at, 'x', [])],
  ['f: Duplicate value: "x"', 'FieldValueDuplicate', duplicate(at, 'x')],
  ['f: Duplicate value: {"a":1}', 'FieldValueDuplicate', duplicate(at, { a: 1 })],
  ['f: Forbidden: why', 'FieldValueForbidden', forbiddenField(at, 'why')],
  ['f: Too long: may not be more than 5 bytes', 'FieldValueTooLong', tooLong(at, 'secret', 5)],
  ['f: Too long: may not be more than 1 byte', 'FieldValueTooLong', tooLong(at, 'secret', 1)],
  ['f: Too many: 3: must have at most 2 items', 'FieldValueTooMany', tooMany(at, 3, 2)],
  ['f: Too many: must have at most 1 item', 'FieldValueTooMany', tooMany(at, -1, 1)],
  ['f: Not found: "x"', 'FieldValueNotFound', notFoundValue(at, 'x')],
  ['f: Internal error: why', 'InternalError', internalFieldError(at, 'why')],
];
for (const [text, type, error] of errors) {
  t.test(`a field error reads ${text}`, async (t) => {
    t.equal(fieldErrorText(error), text);
    t.equal(error.type, type);
    t.equal(error.field, 'f');
  });
}

t.test('joinFieldErrors leaves one alone, brackets several, and drops repetitions', async (t) => {
  const [a, b] = [required(at, 'a'), required(at, 'b')];
  t.equal(joinFieldErrors([a, a]), 'f: Required value: a');
  t.equal(joinFieldErrors([a, b, a]), '[f: Required value: a, f: Required value: b]');
  t.throws(() => joinFieldErrors([]));
});

const lengths: [text: string, bytes: number][] = [
  ['', 0],
  ['a\0', 2],
  ['é', 2],
  ['€', 3],
  ['😀', 4],
  ['\ud800', 3],
  ['\ud800a', 4],
  ['\udc00\ud800', 6],
];
for (const [text, bytes] of lengths) {
  t.test(`utf8Length of ${JSON.stringify(text)} is ${bytes}`, async (t) => {
    t.equal(utf8Length(text), bytes);
    t.equal(Buffer.byteLength(text), bytes);
  });
}
