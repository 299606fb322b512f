import t from 'tap';
import { decodeObject, type FieldValidation } from '../../../../src/control/api/codec/decode.js';
import { Scheme } from '../../../../src/control/api/scheme.js';
import type { JsonValue } from '../../../../src/control/machinery/json.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { customNode } from '../custom-node.js';

const scheme = new Scheme();
const of = { group: 'stable.example.com', version: 'v1', kind: 'CronTab' };
const schema = customNode({
  type: 'object',
  fields: {
    spec: customNode({
      type: 'object',
      fields: {
        replicas: customNode({ type: 'integer' }),
        hosts: customNode({
          type: 'list',
          element: customNode({ type: 'object', fields: { name: customNode({ type: 'string' }) } }),
        }),
        labels: customNode({
          type: 'map',
          element: customNode({ type: 'object', fields: { x: customNode({ type: 'any' }) } }),
        }),
        free: customNode({
          type: 'object',
          preservesUnknownFields: true,
          fields: { shut: customNode({ type: 'object' }) },
        }),
      },
    }),
  },
});

function decode(body: JsonValue | string, fieldValidation: FieldValidation = 'Strict') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const target = { of, schema, isCustom: true };
  return decodeObject(scheme, target, { body: Buffer.from(text), format: 'json', fieldValidation });
}

t.test('decodeObject keeps a custom resource as it is written', async (t) => {
  const body = {
    apiVersion: 'stable.example.com/v1',
    kind: 'CronTab',
    metadata: { name: 'a' },
    spec: {
      replicas: 'not a number',
      hosts: [{ name: '' }, null, 7],
      labels: { a: { x: { deep: [1.5, null] } } },
      free: { anything: { goes: 0 }, shut: {} },
    },
  };
  t.strictSame(decode(body).object, body);
});

const pruned: readonly (readonly [body: JsonValue, problems: readonly string[]])[] = [
  [{ foo: 1 }, ['unknown field "foo"']],
  [{ spec: { foo: { bar: 1 } } }, ['unknown field "spec.foo"']],
  [{ spec: { hosts: [{}, { nam: 1 }] } }, ['unknown field "spec.hosts[1].nam"']],
  [{ spec: { labels: { a: { y: 1 } } } }, ['unknown field "spec.labels.a.y"']],
  [{ spec: { free: { shut: { z: 1 } } } }, ['unknown field "spec.free.shut.z"']],
  [{ metadata: { nam: 'a' } }, ['unknown field "metadata.nam"']],
];

t.test('decodeObject prunes what the schema of a custom resource does not name', async (t) => {
  for (const [body, problems] of pruned) {
    const text = JSON.stringify(body);
    t.throws(() => decode(body), {
      message: `CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: ${problems.join(', ')}`,
    });
    const { object, warnings } = decode(body, 'Warn');
    t.strictSame(warnings, problems, text);
    t.strictSame(decode(object as unknown as JsonValue).warnings, [], `${text} is pruned`);
    t.strictSame(decode(body, 'Ignore').object, object, text);
  }
});

t.test('decodeObject finds repeated members of custom resources', async (t) => {
  t.strictSame(decode('{"spec":{"hosts":[{"name":"a","name":"b"}]}}', 'Warn').warnings, [
    'duplicate field "spec.hosts[0].name"',
  ]);
  t.strictSame(decode('{"metadata":{"name":"a","name":"b"}}', 'Warn').warnings, [
    'duplicate field "metadata.name"',
  ]);
});

t.test('decodeObject reads the metadata of custom resources by its types', async (t) => {
  t.throws(() => decode({ metadata: { name: 5 } }), StatusError);
  t.throws(() => decode({ metadata: { labels: { a: 1 } } }), {
    message:
      'CronTab in version "v1" cannot be handled as a CronTab: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
  });
  t.strictSame(decode({ metadata: { labels: {}, name: 'a' } }).object.metadata, { name: 'a' });
});
