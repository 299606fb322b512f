import t from 'tap';
import { schemaOf } from '../../../src/control/api/schema.js';
import { setObjectDefaults, setSchemaDefaults } from '../../../src/control/api/schema-defaults.js';
import type { JsonValue } from '../../../src/control/machinery/json.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';
import { customNode } from './custom-node.js';

function completed(value: JsonValue, schema: ReturnType<typeof customNode>): JsonValue {
  setSchemaDefaults(value, schema);
  return value;
}

t.test('setObjectDefaults fills in the protocols of ports', async (t) => {
  const schema = schemaOf({ group: '', version: 'v1', kind: 'Service' })!;
  const service = { metadata: {}, spec: { ports: [{ port: 1 }, { port: 2, protocol: 'UDP' }] } };
  setObjectDefaults(service, { schema, rules: {} });
  t.strictSame(service.spec.ports, [
    { port: 1, protocol: 'TCP' },
    { port: 2, protocol: 'UDP' },
  ]);
});

t.test("setObjectDefaults calls the kind's own rules last", async (t) => {
  const schema = schemaOf({ group: '', version: 'v1', kind: 'Service' })!;
  const service = { metadata: {}, spec: { ports: [{ port: 1 }] } };
  let seen: unknown;
  const setDefaults = (object: KubeObject) => {
    seen = structuredClone(object);
  };
  setObjectDefaults(service, { schema, rules: { setDefaults } });
  t.match(seen, { spec: { ports: [{ protocol: 'TCP' }] } });
});

const schema = customNode({
  type: 'object',
  fields: {
    size: customNode({ type: 'integer', default: 3 }),
    zero: customNode({ type: 'integer', default: 0 }),
    maybe: customNode({ type: 'string', default: 'x', isNullable: true }),
    plain: customNode({ type: 'string' }),
    inner: customNode({
      type: 'object',
      default: { a: 1 },
      fields: {
        a: customNode({ type: 'integer' }),
        b: customNode({ type: 'integer', default: 2 }),
      },
    }),
    list: customNode({
      type: 'list',
      element: customNode({
        type: 'object',
        fields: { c: customNode({ type: 'string', default: 'd' }) },
      }),
    }),
    map: customNode({
      type: 'map',
      element: customNode({
        type: 'object',
        fields: { e: customNode({ type: 'boolean', default: false }) },
      }),
    }),
  },
});

const filled = { size: 3, zero: 0, maybe: 'x', inner: { a: 1, b: 2 } };
const cases: readonly (readonly [value: JsonValue, completed: JsonValue])[] = [
  [{}, filled],
  [
    { size: 7, maybe: null },
    { ...filled, size: 7, maybe: null },
  ],
  [
    { size: null, plain: null },
    { ...filled, plain: null },
  ],
  [{ inner: {} }, { ...filled, inner: { b: 2 } }],
  [{ list: [{}, { c: 'x' }, 5] }, { ...filled, list: [{ c: 'd' }, { c: 'x' }, 5] }],
  [{ map: { a: {}, b: { e: true } } }, { ...filled, map: { a: { e: false }, b: { e: true } } }],
  ['not an object', 'not an object'],
];

t.test('setSchemaDefaults completes what is absent, at any depth, and only once', async (t) => {
  for (const [value, expected] of cases) {
    const text = JSON.stringify(value);
    const first = completed(value, schema);
    t.strictSame(first, expected, text);
    t.strictSame(completed(structuredClone(first), schema), expected, `${text} again`);
  }
});

t.test('setSchemaDefaults never hands out the same default twice', async (t) => {
  const [a, b] = [completed({}, schema), completed({}, schema)] as { inner: object }[];
  t.not(a!.inner, b!.inner);
});
