import t from 'tap';
import { validateValue } from '../../../../src/control/api/apiextensions-v1/validate-value.js';
import type { JSONSchemaProps } from '../../../../src/control/api/gen/apiextensions-v1.js';
import { fieldErrorText, fieldPath } from '../../../../src/control/machinery/field-path.js';
import type { JsonValue } from '../../../../src/control/machinery/json.js';

function problems(props: JSONSchemaProps, value: JsonValue, old?: JsonValue): string[] {
  return validateValue(props, { value, old, path: fieldPath('f') }).map(fieldErrorText);
}

const text: JSONSchemaProps = { type: 'string' };
const number: JSONSchemaProps = { type: 'number' };
const intOrString: JSONSchemaProps = { 'x-kubernetes-int-or-string': true };
const byKey: JSONSchemaProps = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['k'],
  items: {
    type: 'object',
    properties: { k: text, v: { type: 'integer', maximum: 1 } },
  } as unknown as JsonValue,
};

const refused: readonly (readonly [
  props: JSONSchemaProps,
  value: JsonValue,
  texts: readonly string[],
])[] = [
  [{ ...text, maxLength: 2 }, 'abc', ['f: Too long: may not be more than 2 bytes']],
  [
    { ...text, minLength: 2 },
    'a',
    ['f: Invalid value: "a": f in body should be at least 2 chars long'],
  ],
  [{ ...text, pattern: '^a+$' }, 'b', [`f: Invalid value: "b": f in body should match '^a+$'`]],
  [
    { ...text, format: 'ipv4' },
    'x',
    ['f: Invalid value: "x": f in body must be of type ipv4: "x"'],
  ],
  [
    { ...number, multipleOf: 0.5 },
    1.2,
    ['f: Invalid value: 1.2: f in body should be a multiple of 0.5'],
  ],
  [
    { ...number, maximum: 1, exclusiveMaximum: true },
    1,
    ['f: Invalid value: 1: f in body should be less than 1'],
  ],
  [
    { type: 'integer' },
    1.5,
    ['f: Invalid value: "number": f in body must be of type integer: "number"'],
  ],
  [
    intOrString,
    true,
    ['f: Invalid value: "boolean": f in body must be of type integer,string: "boolean"'],
  ],
  [{ type: 'array', maxItems: 1 }, [1, 2], ['f: Too many: 2: must have at most 1 item']],
  [
    { type: 'object', minProperties: 1 },
    {},
    ['f: Invalid value: 0: f in body should have at least 1 properties'],
  ],
  [{ type: 'object', required: ['a'] }, {}, ['f.a: Required value']],
  [
    { type: 'object', 'x-kubernetes-embedded-resource': true },
    {},
    [
      'f.apiVersion: Required value: must not be empty',
      'f.kind: Required value: must not be empty',
    ],
  ],
  [byKey, [{ k: 'a' }, { k: 'a' }], ['f[1]: Duplicate value: {"k":"a"}']],
  [
    { type: 'object', anyOf: [{ required: ['a'] }, { required: ['b'] }] },
    {},
    [
      '<nil>: Invalid value: "": "f" must validate at least one schema (anyOf)',
      'f.a: Required value',
    ],
  ],
  [
    { type: 'integer', oneOf: [{ minimum: 1 }, { minimum: 2 }] },
    3,
    [
      '<nil>: Invalid value: "": "f" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
  ],
  [
    { type: 'integer', not: { minimum: 1 } },
    1,
    ['<nil>: Invalid value: "": "f" must not validate the schema (not)'],
  ],
];

t.test('validateValue refuses in the words of the API', async (t) => {
  for (const [props, value, texts] of refused)
    t.same(problems(props, value), texts, JSON.stringify([props, value]));
});

t.test('validateValue takes what the schema allows', async (t) => {
  const good: readonly (readonly [JSONSchemaProps, JsonValue])[] = [
    [intOrString, 1],
    [intOrString, '10%'],
    [{ ...text, nullable: true }, null],
    [{ ...text, format: 'unheard-of' }, 'x'],
    [{ type: 'number' }, 1],
    [{}, { anything: [1] }],
    [{ type: 'array', 'x-kubernetes-list-type': 'set' }, ['a', 'b']],
  ];
  for (const [props, value] of good)
    t.same(problems(props, value), [], JSON.stringify([props, value]));
});

t.test('validateValue does not judge again what did not change', async (t) => {
  const bad = { k: 'a', v: 2 };
  t.same(problems(byKey, [{ k: 'b' }, bad], [bad]), []);
  t.same(problems(byKey, [{ k: 'a', v: 3 }], [bad]), [
    'f[0].v: Invalid value: 3: f[0].v in body should be less than or equal to 1',
  ]);
  t.same(problems({ ...text, maxLength: 1 }, 'long', 'long'), []);
});
