import t from 'tap';
import { startApi } from '../server/api-rig.js';
import { define, definitionsPath, widget, widgets, widgetsPath } from './definitions.js';

const schema = {
  type: 'object',
  'x-kubernetes-validations': [
    {
      rule: 'self.min <= self.max',
      messageExpression: "'min ' + string(self.min) + ' is more than max'",
      fieldPath: '.min',
    },
    { rule: '!has(oldSelf.zone) || has(self.zone)', message: 'zone cannot be removed' },
  ],
  properties: {
    min: { type: 'integer', default: 0 },
    max: { type: 'integer' },
    zone: {
      type: 'string',
      'x-kubernetes-validations': [
        { rule: 'self == oldSelf', message: 'zone stays', reason: 'FieldValueForbidden' },
      ],
    },
    names: {
      type: 'array',
      maxItems: 5,
      items: {
        type: 'string',
        maxLength: 9,
        'x-kubernetes-validations': [{ rule: "self.startsWith('n')" }],
      },
    },
  },
};

t.test('rules in CEL refuse objects in their own words', async (t) => {
  const rig = await startApi(t);
  await define(t, rig, widgets(schema));
  const put = async (spec: Record<string, unknown>) => {
    const stored = (await rig.ask('GET', `${widgetsPath}/a`)).json;
    return rig.ask('PUT', `${widgetsPath}/a`, { body: { ...stored, spec } });
  };
  const bad = await rig.ask('POST', widgetsPath, {
    body: widget('a', { min: 3, max: 2, names: ['n', 'x'] }),
  });
  t.equal(bad.status, 422, bad.text);
  t.equal(
    bad.json.message,
    'Widget.example.com "a" is invalid: [spec.min: Invalid value: "object": min 3 is more than max, spec.names[1]: Invalid value: "string": failed rule: self.startsWith(\'n\')]',
  );
  t.equal(
    (await rig.ask('POST', widgetsPath, { body: widget('a', { max: 2, zone: 'a' }) })).status,
    201,
  );
  const changed = await put({ max: 2, zone: 'b' });
  t.equal(
    changed.json.message,
    'Widget.example.com "a" is invalid: spec.zone: Forbidden: zone stays',
  );
  const { text } = await rig.ask('GET', '/metrics');
  const counted = (name: string) =>
    Number(
      new RegExp(`^apiserver_cel_${name}_duration_seconds_count (\\d+)$`, 'm').exec(text)?.[1],
    );
  t.ok(counted('compilation') >= 1, 'the schema was compiled');
  t.ok(counted('evaluation') >= 3, 'three objects were judged');
  const removed = await put({ max: 2 });
  t.equal(
    removed.json.message,
    'Widget.example.com "a" is invalid: spec: Invalid value: "object": zone cannot be removed',
  );
  t.equal((await put({ max: 3, zone: 'a' })).status, 200);
});

t.test('what does not change is not judged by rules that came later', async (t) => {
  const rig = await startApi(t);
  const loose = { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } };
  await define(t, rig, widgets(loose));
  const made = await rig.ask('POST', widgetsPath, { body: widget('a', { a: 'bad', b: 'bad' }) });
  t.equal(made.status, 201);
  const path = `${definitionsPath}/widgets.example.com`;
  const definition = (await rig.ask('GET', path)).json;
  const properties = definition.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties;
  properties.a['x-kubernetes-validations'] = [{ rule: "self != 'bad'" }];
  properties.b.maxLength = 1;
  t.equal((await rig.ask('PUT', path, { body: definition })).status, 200);
  const isStrict = async () =>
    (await rig.ask('POST', `${widgetsPath}?dryRun=All`, { body: widget('c', { a: 'bad' }) }))
      .status === 422;
  while (!(await isStrict()));
  const relabeled = { ...made.json, metadata: { ...made.json.metadata, labels: { x: 'y' } } };
  const kept = await rig.ask('PUT', `${widgetsPath}/a`, { body: relabeled });
  t.equal(kept.status, 200, kept.text);
  const changed = await rig.ask('PUT', `${widgetsPath}/a`, {
    body: { ...kept.json, spec: { a: 'bad', b: 'worse' } },
  });
  t.equal(
    changed.json.message,
    'Widget.example.com "a" is invalid: spec.b: Too long: may not be more than 1 byte',
  );
});

t.test('rules that do not compile or cost too much are refused with the definition', async (t) => {
  const rig = await startApi(t);
  const rules: readonly (readonly [schema: Record<string, unknown>, text: string])[] = [
    [
      { ...schema, 'x-kubernetes-validations': [{ rule: 'self.nope == 1' }] },
      "compilation failed: ERROR: <input>:1:5: undefined field 'nope'\n | self.nope == 1\n | ....^",
    ],
    [
      { ...schema, 'x-kubernetes-validations': [{ rule: 'self.min' }] },
      'cel expression must evaluate to a bool',
    ],
    [
      { ...schema, 'x-kubernetes-validations': [{ rule: '' }] },
      'rule: Required value: rule is not specified',
    ],
    [
      {
        type: 'array',
        items: {
          type: 'array',
          items: { type: 'string' },
          'x-kubernetes-validations': [{ rule: 'self.all(a, self.all(b, a == b))' }],
        },
      },
      'estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule',
    ],
    [
      {
        type: 'array',
        items: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
      },
      'oldSelf cannot be used on the uncorrelatable portion of the schema within spec.versions[0].schema.openAPIV3Schema.properties[spec]',
    ],
  ];
  for (const [broken, text] of rules) {
    const answer = await rig.ask('POST', definitionsPath, { body: widgets(broken) });
    t.equal(answer.status, 422, answer.text);
    t.ok(answer.json.message.includes(text), `${answer.json.message} has ${text}`);
  }
});
