import t from 'tap';
import { until } from '../../../client/until.js';
import { type EventStream, joinApi, startApi } from '../server/api-rig.js';
import { define, definitionsPath, widget, widgets, widgetsPath } from './definitions.js';

const schema = {
  type: 'object',
  required: ['size'],
  properties: {
    size: { type: 'integer', minimum: 1, maximum: 10 },
    color: { type: 'string', enum: ['red', 'blue'], default: 'red' },
    tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};
const ignoring = '?fieldValidation=Ignore';

/** Resolves once the server has ended the stream. */
async function drained(watch: EventStream): Promise<void> {
  for (;;)
    try {
      await watch.next();
    } catch {
      return;
    }
}

t.test('custom resources are pruned, completed and validated as their schema says', async (t) => {
  const rig = await startApi(t);
  await define(t, rig, widgets(schema));
  const made = await rig.ask('POST', widgetsPath + ignoring, {
    body: widget('a', { size: 1, unknown: true, free: { kept: 1 } }),
  });
  t.equal(made.status, 201, made.text);
  t.same(made.json.spec, { size: 1, free: { kept: 1 }, color: 'red' });
  t.equal(made.json.metadata.generation, 1);
  const refused: readonly (readonly [spec: Record<string, unknown>, text: string])[] = [
    [{}, 'spec.size: Required value'],
    [
      { size: 'x' },
      'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    ],
    [
      { size: 11 },
      'spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10',
    ],
    [
      { size: 0 },
      'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    ],
    [
      { size: 1, color: 'green' },
      'spec.color: Unsupported value: "green": supported values: "red", "blue"',
    ],
    [{ size: 1, tags: ['a', 'a'] }, 'spec.tags[1]: Duplicate value: "a"'],
    [
      { size: null },
      'spec.size: Invalid value: "null": spec.size in body must be of type integer: "null"',
    ],
  ];
  for (const [spec, text] of refused) {
    const answer = await rig.ask('POST', widgetsPath, { body: widget('b', spec) });
    t.equal(answer.status, 422, answer.text);
    t.equal(answer.json.message, `Widget.example.com "b" is invalid: ${text}`);
  }
  const strict = await rig.ask('POST', `${widgetsPath}?fieldValidation=Strict`, {
    body: widget('b', { size: 1, unknown: 1 }),
  });
  t.equal(strict.status, 400);
  t.match(strict.json.message, 'strict decoding error: unknown field "spec.unknown"');
});

t.test('the metadata of an object in an object has the fields that metadata has', async (t) => {
  const rig = await startApi(t);
  const inner = {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    properties: {
      metadata: { type: 'object', properties: { name: { type: 'string' } } },
      spec: { type: 'object' },
    },
  };
  await define(t, rig, widgets({ type: 'object', properties: { inner } }));
  const metadata = { name: 'sub', labels: { a: 'b' }, finalizers: ['example.com/a'], other: 'x' };
  const body = widget('a', { inner: { apiVersion: 'v1', kind: 'Sub', metadata } });
  const made = await rig.ask('POST', widgetsPath + ignoring, { body });
  t.equal(made.status, 201, made.text);
  const { other: _, ...known } = metadata;
  t.same(made.json.spec.inner.metadata, known);
  const strict = await rig.ask('POST', `${widgetsPath}?fieldValidation=Strict`, { body });
  t.equal(strict.status, 400);
  t.match(strict.json.message, 'strict decoding error: unknown field "spec.inner.metadata.other"');
  const applied = await rig.ask('PATCH', `${widgetsPath}/b?fieldManager=me`, {
    body: { ...body, metadata: { name: 'b' } },
    headers: { 'content-type': 'application/apply-patch+yaml' },
  });
  t.equal(applied.status, 500, applied.text);
  t.match(applied.json.message, '.spec.inner.metadata.other: field not declared in schema');
});

t.test(
  'definitions are established, and their deletion waits for that of their instances',
  async (t) => {
    const rig = await startApi(t);
    await define(t, rig, widgets(schema));
    const path = `${definitionsPath}/widgets.example.com`;
    const { status } = (await rig.ask('GET', path)).json;
    t.same(
      status.conditions.map((one: { type: string; status: string; reason: string }) => [
        one.type,
        one.status,
        one.reason,
      ]),
      [
        ['NamesAccepted', 'True', 'NoConflicts'],
        ['Established', 'True', 'InitialNamesAccepted'],
      ],
    );
    t.same(status.storedVersions, ['v1']);
    t.same(status.acceptedNames, {
      plural: 'widgets',
      singular: 'widget',
      kind: 'Widget',
      listKind: 'WidgetList',
      shortNames: ['wd'],
    });
    const held = {
      ...widget('held', { size: 1 }),
      metadata: { name: 'held', finalizers: ['example.com/hold'] },
    };
    for (const body of [widget('free', { size: 1 }), held])
      t.equal((await rig.ask('POST', widgetsPath, { body })).status, 201);
    const watch = await rig.watch(`${widgetsPath}?watch=true`);
    t.equal((await rig.ask('DELETE', path)).status, 200);
    await until(
      'free is gone',
      async () => (await rig.ask('GET', `${widgetsPath}/free`)).status === 404,
    );
    const left = (await rig.ask('GET', path)).json;
    t.same(left.metadata.finalizers, ['customresourcecleanup.apiextensions.k8s.io']);
    const late = await rig.ask('POST', widgetsPath, { body: widget('late', { size: 1 }) });
    t.equal(late.status, 405, late.text);
    t.equal(
      late.json.message,
      'create not allowed while custom resource definition is terminating',
    );
    const patch = {
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { finalizers: null } },
    };
    t.equal((await rig.ask('PATCH', `${widgetsPath}/held`, patch)).status, 200);
    await until('the definition is gone', async () => (await rig.ask('GET', path)).status === 404);
    await until('its path is gone', async () => (await rig.ask('GET', widgetsPath)).status === 404);
    await drained(watch);
    const groups = (await rig.ask('GET', '/apis')).json.groups.map(
      ({ name }: { name: string }) => name,
    );
    t.notOk(groups.includes('example.com'));
  },
);

t.test('definitions are refused for what is wrong with them', async (t) => {
  const rig = await startApi(t);
  const good = widgets(schema);
  const version = good.spec.versions[0] as Record<string, unknown>;
  const broken: readonly (readonly [definition: unknown, text: string])[] = [
    [
      { ...good, metadata: { name: 'x.example.com' } },
      'metadata.name: Invalid value: "x.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      { ...good, spec: { ...good.spec, scope: 'Galaxy' } },
      'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
    ],
    [
      widgets({ type: 'object', properties: { a: {} } }),
      'spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[a].type: Required value: must not be empty for specified object fields',
    ],
    [
      widgets({ type: 'array' }),
      'spec.versions[0].schema.openAPIV3Schema.properties[spec].items: Required value: must be specified',
    ],
    [
      widgets({ type: 'integer', default: 'x' }),
      'spec.versions[0].schema.openAPIV3Schema.properties[spec].default: Invalid value: "string": spec.versions[0].schema.openAPIV3Schema.properties[spec].default in body must be of type integer: "string"',
    ],
    [
      { ...good, spec: { ...good.spec, versions: [{ ...version, schema: undefined }] } },
      'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
    ],
    [
      widgets(schema, {
        additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.spec.a' }],
      }),
      'spec.versions[0].additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
    ],
    [
      widgets(schema, {
        subresources: { scale: { specReplicasPath: '.status.a', statusReplicasPath: '.status.b' } },
      }),
      'spec.versions[0].subresources.scale.specReplicasPath: Invalid value: ".status.a": should be a json path under .spec',
    ],
    [
      widgets(schema, { storage: false }),
      'must have exactly one version marked as storage version',
    ],
  ];
  for (const [body, text] of broken) {
    const answer = await rig.ask('POST', definitionsPath, { body });
    t.equal(answer.status, 422, answer.text);
    t.ok(answer.json.message.includes(text), `${answer.json.message} has ${text}`);
  }
});

t.test('names that others have are not accepted until they are free', async (t) => {
  const rig = await startApi(t);
  await define(t, rig, widgets(schema));
  const other = widgets(schema);
  other.metadata.name = 'gadgets.example.com';
  other.spec.names = { plural: 'gadgets', kind: 'Widget', shortNames: ['gd'] };
  t.equal((await rig.ask('POST', definitionsPath, { body: other })).status, 201);
  const path = `${definitionsPath}/gadgets.example.com`;
  const conditionOf = async (type: string) =>
    (
      (await rig.ask('GET', path)).json.status.conditions as {
        type: string;
        status: string;
        reason: string;
        message: string;
      }[]
    ).find((one) => one.type === type);
  await until(
    'the names are judged',
    async () => (await conditionOf('NamesAccepted')) !== undefined,
  );
  t.match(await conditionOf('NamesAccepted'), {
    status: 'False',
    reason: 'ListKindConflict',
    message: '"WidgetList" is already in use',
  });
  t.match(await conditionOf('Established'), { status: 'False', reason: 'NotAccepted' });
  t.equal((await rig.ask('DELETE', `${definitionsPath}/widgets.example.com`)).status, 200);
  await until(
    'the names are accepted',
    async () => (await conditionOf('Established'))?.status === 'True',
  );
});

t.test('status and scale are written apart, by the paths of the definition', async (t) => {
  const rig = await startApi(t);
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const version = {
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.workers',
        statusReplicasPath: '.status.running',
        labelSelectorPath: '.status.selector',
      },
    },
    schema: { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } },
  };
  await define(t, rig, widgets(schema, version));
  const body = { ...widget('a', { workers: 2 }), status: { running: 9 } };
  const made = (await rig.ask('POST', widgetsPath, { body })).json;
  t.equal(made.status, undefined);
  const status = { ...made, spec: { workers: 7 }, status: { running: 1, selector: 'a=b' } };
  const written = (await rig.ask('PUT', `${widgetsPath}/a/status`, { body: status })).json;
  t.same(
    [written.spec, written.status, written.metadata.generation],
    [{ workers: 2 }, { running: 1, selector: 'a=b' }, 1],
  );
  const scale = (await rig.ask('GET', `${widgetsPath}/a/scale`)).json;
  t.same([scale.spec, scale.status], [{ replicas: 2 }, { replicas: 1, selector: 'a=b' }]);
  scale.spec.replicas = 5;
  t.equal((await rig.ask('PUT', `${widgetsPath}/a/scale`, { body: scale })).status, 200);
  const scaled = (await rig.ask('GET', `${widgetsPath}/a`)).json;
  t.same([scaled.spec, scaled.metadata.generation], [{ workers: 5 }, 2]);
  const unversioned = await rig.ask('PUT', `${widgetsPath}/a`, {
    body: widget('a', { workers: 1 }),
  });
  t.equal(unversioned.status, 422, 'a PUT says which version it replaces');
});

t.test('printer columns and selectable fields follow their paths', async (t) => {
  const rig = await startApi(t);
  const version = {
    additionalPrinterColumns: [
      { name: 'Color', type: 'string', jsonPath: '.spec.color' },
      { name: 'Tags', type: 'string', jsonPath: '.spec.tags[*]', priority: 1 },
      { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    ],
    selectableFields: [{ jsonPath: '.spec.color' }],
  };
  await define(t, rig, widgets(schema, version));
  await rig.ask('POST', widgetsPath, { body: widget('a', { size: 1, tags: ['x', 'y'] }) });
  await rig.ask('POST', widgetsPath, { body: widget('b', { size: 2, color: 'blue' }) });
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const table = (await rig.ask('GET', widgetsPath, { headers: { accept } })).json;
  t.same(
    table.columnDefinitions.map(({ name }: { name: string }) => name),
    ['Name', 'Color', 'Tags', 'Size'],
  );
  t.same(
    table.rows.map(({ cells }: { cells: unknown[] }) => cells),
    [
      ['a', 'red', 'x y', 1],
      ['b', 'blue', null, 2],
    ],
  );
  const chosen = (await rig.ask('GET', `${widgetsPath}?fieldSelector=spec.color%3Dblue`)).json;
  t.same(
    chosen.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
    ['b'],
  );
  const unknown = await rig.ask('GET', `${widgetsPath}?fieldSelector=spec.size%3D1`);
  t.equal(unknown.status, 400);
  t.equal(unknown.json.message, 'field label not supported: spec.size');
});

t.test(
  'a change of the schema ends watches and holds for what is stored, on every replica',
  async (t) => {
    const rig = await startApi(t);
    const other = await joinApi(t, rig.storeUrl);
    await define(t, rig, widgets(schema));
    await until(
      'the other server has it',
      async () => (await other.ask('GET', widgetsPath)).status === 200,
    );
    t.equal((await rig.ask('POST', widgetsPath, { body: widget('a', { size: 1 }) })).status, 201);
    const watch = await other.watch(`${widgetsPath}?watch=true`);
    const path = `${definitionsPath}/widgets.example.com`;
    const definition = (await rig.ask('GET', path)).json;
    definition.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.shape = {
      type: 'string',
      default: 'round',
    };
    t.equal((await rig.ask('PUT', path, { body: definition })).status, 200);
    await until(
      'the other server has the new schema',
      async () => (await other.ask('GET', `${widgetsPath}/a`)).json.spec.shape === 'round',
    );
    await drained(watch);
    const documents = (await other.ask('GET', '/openapi/v3/apis/example.com/v1')).text;
    t.match(documents, '"shape"');
  },
);

t.test('versions are served side by side and stored as the one that is for that', async (t) => {
  const rig = await startApi(t);
  const definition = widgets(schema);
  const [first] = definition.spec.versions;
  definition.spec.versions.push({
    ...(first as object),
    name: 'v2',
    storage: false,
    deprecated: true,
  } as never);
  await define(t, rig, definition);
  const path = widgetsPath.replace('v1', 'v2');
  const body = { ...widget('a', { size: 1 }), apiVersion: 'example.com/v2' };
  const made = await rig.ask('POST', path, { body });
  t.equal(made.status, 201, made.text);
  t.equal(made.json.apiVersion, 'example.com/v2');
  t.match(made.headers.warning, 'example.com/v2 Widget is deprecated');
  t.equal((await rig.ask('GET', `${widgetsPath}/a`)).json.apiVersion, 'example.com/v1');
  const list = (await rig.ask('GET', path)).json;
  t.same([list.apiVersion, list.items[0].apiVersion], ['example.com/v2', 'example.com/v2']);
});
