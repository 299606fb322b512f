import t from 'tap';
import { type ApiRig, startApi } from './api-rig.js';

const maps = '/api/v1/namespaces/default/configmaps';
const map = (name: string, data: Record<string, string> = {}) => ({ metadata: { name }, data });

async function created(api: ApiRig, name: string, data: Record<string, string> = {}) {
  const answer = await api.ask('POST', maps, { body: map(name, data) });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.json;
}

t.test('objects', async (t) => {
  const api = await startApi(t);

  t.test('POST makes an object with what the server sets', async (t) => {
    const { status, json } = await api.ask('POST', maps, { body: map('made', { k: 'v' }) });
    t.equal(status, 201);
    t.match(json, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'made',
        namespace: 'default',
        uid: /^[0-9a-f-]{36}$/,
        creationTimestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
        resourceVersion: /^\d+$/,
      },
      data: { k: 'v' },
    });
    t.same((await api.ask('GET', `${maps}/made`)).json, json);
  });

  t.test('DELETE of what the system cannot be without is 403', async (t) => {
    const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
    for (const name of ['system-node-critical', 'system-cluster-critical']) {
      const { status, json } = await api.ask('DELETE', `${classes}/${name}`);
      t.equal(status, 403);
      t.equal(
        json.message,
        `priorityclasses.scheduling.k8s.io "${name}" is forbidden: this is a system priority class and cannot be deleted`,
      );
      t.equal((await api.ask('GET', `${classes}/${name}`)).status, 200);
    }
  });

  t.test('the use of tokens in secrets is tracked since the first day', async (t) => {
    const path = '/api/v1/namespaces/kube-system/configmaps';
    const name = 'kube-apiserver-legacy-service-account-token-tracking';
    const { json } = await api.ask('GET', `${path}/${name}`);
    t.match(json.data?.since, /^\d{4}-\d\d-\d\d$/);
  });

  t.test('POST of a name that is taken is 409', async (t) => {
    await created(api, 'taken');
    const { status, json } = await api.ask('POST', maps, { body: map('taken') });
    t.equal(status, 409);
    t.match(json, {
      kind: 'Status',
      status: 'Failure',
      reason: 'AlreadyExists',
      message: 'configmaps "taken" already exists',
      details: { name: 'taken', kind: 'configmaps' },
      code: 409,
    });
  });

  t.test('POST with generateName finds a name', async (t) => {
    const { status, json } = await api.ask('POST', maps, {
      body: { metadata: { generateName: 'gen-' } },
    });
    t.equal(status, 201);
    t.match(json.metadata.name, /^gen-[a-z0-9]{5}$/);
  });

  for (const [what, body, status, message] of [
    [
      'without a name',
      {},
      422,
      /^ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required$/,
    ],
    [
      'with a bad name',
      map('No_Good'),
      422,
      /^ConfigMap "No_Good" is invalid: metadata.name: Invalid value: "No_Good": a lowercase RFC 1123 subdomain/,
    ],
    [
      'of another namespace',
      { metadata: { name: 'x', namespace: 'other' } },
      400,
      /^the namespace of the provided object does not match the namespace sent on the request$/,
    ],
    [
      'of another kind',
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } },
      400,
      /cannot be handled as a ConfigMap/,
    ],
    [
      'that has a version',
      { metadata: { name: 'x', resourceVersion: '5' } },
      500,
      /^resourceVersion should not be set on objects to be created$/,
    ],
    [
      'that is no JSON',
      '{"metadata":',
      400,
      /couldn't get version\/kind; json parse error|unexpected/i,
    ],
    ['that is no object', '[]', 400, /cannot unmarshal array/],
    [
      'with a field of a wrong type',
      { metadata: { name: 'x' }, data: { k: 7 } },
      400,
      /cannot unmarshal number into Go struct field ConfigMap.data of type string/,
    ],
  ] as const) {
    t.test(`POST ${what} is ${status}`, async (t) => {
      const answer = await api.ask('POST', maps, { body });
      t.equal(answer.status, status, answer.text);
      t.match(answer.json.message, message);
    });
  }

  t.test('POST into a namespace that is not there is 404', async (t) => {
    const { status, json } = await api.ask('POST', '/api/v1/namespaces/nope/configmaps', {
      body: map('x'),
    });
    t.equal(status, 404);
    t.equal(json.message, 'namespaces "nope" not found');
  });

  t.test('POST of a media type that nobody reads is 415', async (t) => {
    const { status, json } = await api.ask('POST', maps, {
      body: 'hello',
      headers: { 'content-type': 'text/plain' },
    });
    t.equal(status, 415);
    t.match(
      json.message,
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml',
    );
  });

  t.test('POST of YAML is read', async (t) => {
    const { status, json } = await api.ask('POST', maps, {
      body: 'metadata: {name: yaml}\ndata: {a: b}\n',
      headers: { 'content-type': 'application/yaml', accept: 'application/json' },
    });
    t.equal(status, 201);
    t.same(json.data, { a: 'b' });
  });

  t.test('POST of more than 3 MiB is 413', async (t) => {
    const body = JSON.stringify(map('big', { k: 'x'.repeat(3 * 1024 * 1024) }));
    const { status, json } = await api.ask('POST', maps, { body });
    t.equal(status, 413);
    t.match(json, {
      reason: 'RequestEntityTooLarge',
      message: 'Request entity too large: limit is 3145728',
    });
  });

  t.test('fieldValidation warns of unknown fields, refuses them or keeps silent', async (t) => {
    const body = { ...map('fields'), nonsense: 1 };
    const strict = await api.ask('POST', `${maps}?fieldValidation=Strict&dryRun=All`, { body });
    t.equal(strict.status, 400);
    t.match(strict.json.message, /strict decoding error: unknown field "nonsense"/);
    const warned = await api.ask('POST', `${maps}?dryRun=All`, { body });
    t.equal(warned.status, 201);
    t.match(warned.headers.warning, /^299 - "unknown field \\"nonsense\\""$/);
    t.equal(warned.json.nonsense, undefined);
    const silent = await api.ask('POST', `${maps}?fieldValidation=Ignore&dryRun=All`, { body });
    t.equal(silent.headers.warning, undefined);
  });

  t.test('dryRun answers as if, and writes nothing', async (t) => {
    const { status, json } = await api.ask('POST', `${maps}?dryRun=All`, { body: map('dry') });
    t.equal(status, 201);
    t.match(json.metadata, { uid: /./, resourceVersion: undefined });
    t.equal((await api.ask('GET', `${maps}/dry`)).status, 404);
    await created(api, 'dry');
    t.equal((await api.ask('POST', `${maps}?dryRun=All`, { body: map('dry') })).status, 409);
    const body = map('dry', { k: 'v' });
    t.same((await api.ask('PUT', `${maps}/dry?dryRun=All`, { body })).json.data, { k: 'v' });
    t.equal((await api.ask('DELETE', `${maps}/dry?dryRun=All`)).status, 200);
    t.equal((await api.ask('GET', `${maps}/dry`)).json.data, undefined);
  });

  t.test('PUT replaces, and checks the version that it is given', async (t) => {
    const first = await created(api, 'put', { a: '1' });
    const body = { ...first, data: { a: '2' } };
    const { status, json } = await api.ask('PUT', `${maps}/put`, { body });
    t.equal(status, 200);
    t.same(json.data, { a: '2' });
    t.not(json.metadata.resourceVersion, first.metadata.resourceVersion);
    t.equal(json.metadata.uid, first.metadata.uid);
    const stale = await api.ask('PUT', `${maps}/put`, { body });
    t.equal(stale.status, 409);
    t.equal(
      stale.json.message,
      'Operation cannot be fulfilled on configmaps "put": the object has been modified; please apply your changes to the latest version and try again',
    );
    const free = await api.ask('PUT', `${maps}/put`, { body: map('put', { a: '3' }) });
    t.equal(free.status, 200, 'without a version it overwrites');
    const same = await api.ask('PUT', `${maps}/put`, { body: free.json });
    t.equal(
      same.json.metadata.resourceVersion,
      free.json.metadata.resourceVersion,
      'no change is no write',
    );
  });

  t.test('PUT refuses another name, uid or an object that is not there', async (t) => {
    await created(api, 'mine');
    const named = await api.ask('PUT', `${maps}/mine`, { body: map('yours') });
    t.equal(named.status, 400);
    t.equal(
      named.json.message,
      'the name of the object (yours) does not match the name on the URL (mine)',
    );
    const body = { metadata: { name: 'mine', uid: 'other' } };
    const other = await api.ask('PUT', `${maps}/mine`, { body });
    t.equal(other.status, 409);
    t.match(
      other.json.message,
      /Precondition failed: UID in precondition: other, UID in object meta: /,
    );
    t.equal((await api.ask('PUT', `${maps}/absent`, { body: map('absent') })).status, 404);
  });

  for (const [type, body, expected] of [
    ['json-patch+json', [{ op: 'replace', path: '/data/a', value: '9' }], { a: '9', b: '2' }],
    ['merge-patch+json', { data: { a: null, c: '3' } }, { b: '2', c: '3' }],
    ['strategic-merge-patch+json', { data: { b: 'x' } }, { a: '1', b: 'x' }],
  ] as const) {
    t.test(`PATCH of type ${type} changes what it says`, async (t) => {
      const name = `patched-${type.split('-')[0]}`;
      await created(api, name, { a: '1', b: '2' });
      const { status, json } = await api.ask('PATCH', `${maps}/${name}`, {
        body,
        headers: { 'content-type': `application/${type}` },
      });
      t.equal(status, 200);
      t.same(json.data, expected);
    });
  }

  t.test('PATCH refuses what it cannot do', async (t) => {
    await created(api, 'patched', { a: '1' });
    const patch = (type: string, body: unknown, name = 'patched') =>
      api.ask('PATCH', `${maps}/${name}`, {
        body,
        headers: { 'content-type': `application/${type}` },
      });
    t.equal((await patch('json', {})).status, 415);
    t.equal((await patch('merge-patch+json', {}, 'absent')).status, 404);
    t.equal((await patch('merge-patch+json', '{')).status, 400);
    t.equal((await patch('merge-patch+json', [])).status, 400);
    t.equal((await patch('merge-patch+json', { data: { a: 7 } })).status, 422);
    t.equal((await patch('merge-patch+json', { metadata: { uid: 'x' } })).status, 422);
    for (const [body, shown, problem] of [
      [
        { metadata: { labels: 'x' } },
        'map[metadata:map[labels:x]]',
        'cannot restore map from string',
      ],
      [{ data: { b: 7, a: [] } }, 'map[data:map[a:[] b:7]]', 'unrecognized type: string'],
      [{ metadata: 1 }, 'map[metadata:1]', 'cannot restore struct from: int64'],
      [
        { metadata: { finalizers: {} } },
        'map[metadata:map[finalizers:map[]]]',
        'cannot restore slice from map',
      ],
      [{ data: { b: 7 } }, 'map[data:map[b:7]]', 'cannot convert int64 to string'],
    ] as const) {
      const { status, json } = await patch('strategic-merge-patch+json', body);
      t.equal(status, 422, shown);
      t.equal(json.message, ` "" is invalid: patch: Invalid value: "${shown}": ${problem}`);
    }
    for (const type of ['merge', 'strategic-merge'] as const) {
      const { status, json } = await api.ask('PATCH', `${maps}/patched?fieldValidation=Strict`, {
        body: { nonsense: 1 },
        headers: { 'content-type': `application/${type}-patch+json` },
      });
      t.equal(status, 422, type);
      t.match(
        json.message,
        /^ "" is invalid: patch: Invalid value: ".*nonsense.*": strict decoding/,
      );
      t.match(json.message, /: strict decoding error: unknown field "nonsense"$/);
    }
    const twice = '{"data": {"b": "1", "b": "2"}, "data": {"b": "3"}}';
    for (const [type, body, problems] of [
      ['merge-patch+json', twice, ['duplicate field "data"']],
      ['strategic-merge-patch+json', twice, ['duplicate field "data"']],
      [
        'merge-patch+json',
        '{"data":{"b":"1","b":"2"},"x":1}',
        ['duplicate field "data.b"', 'unknown field "x"'],
      ],
      [
        'json-patch+json',
        '[{"op":"add","path":"/x","path":"/data/b","value":"2","more":1}]',
        ['json patch duplicate field "[0].path"', 'json patch unknown field "[0].more"'],
      ],
    ] as const) {
      const refused = await patch(type, body, 'patched?fieldValidation=Strict&dryRun=All');
      t.equal(refused.status, 422, type);
      t.ok(
        refused.json.message.endsWith(`: strict decoding error: ${problems.join(', ')}`),
        refused.json.message,
      );
      const warned = await patch(type, body, 'patched?fieldValidation=Warn&dryRun=All');
      t.equal(warned.status, 200, type);
      const warnings = problems.map((problem) => `299 - ${JSON.stringify(problem)}`);
      t.same(warned.headers.warning, warnings.join(', '));
      const ignored = await patch(type, body, 'patched?fieldValidation=Ignore&dryRun=All');
      t.equal(ignored.status, 200, type);
      t.equal(ignored.headers.warning, undefined);
    }
    t.equal((await patch('merge-patch+json', { metadata: { resourceVersion: '1' } })).status, 409);
    const failed = await patch('json-patch+json', [{ op: 'test', path: '/data/a', value: '2' }]);
    t.equal(failed.status, 422);
    t.same((await api.ask('GET', `${maps}/patched`)).json.data, { a: '1' }, 'nothing changed');
  });

  t.test('PATCHes of several clients at once all take effect', async (t) => {
    await created(api, 'busy');
    const patches = Array.from({ length: 5 }, (_, at) =>
      api.ask('PATCH', `${maps}/busy`, {
        body: { data: { [`k${at}`]: 'v' } },
        headers: { 'content-type': 'application/merge-patch+json' },
      }),
    );
    for (const { status } of await Promise.all(patches)) t.equal(status, 200);
    const { json } = await api.ask('GET', `${maps}/busy`);
    t.equal(Object.keys(json.data).length, 5);
  });

  t.test('DELETE answers a Status, then 404', async (t) => {
    const made = await created(api, 'gone');
    const { status, json } = await api.ask('DELETE', `${maps}/gone`);
    t.equal(status, 200);
    t.match(json, {
      kind: 'Status',
      status: 'Success',
      details: { name: 'gone', kind: 'configmaps', uid: made.metadata.uid },
    });
    const missing = await api.ask('DELETE', `${maps}/gone`);
    t.equal(missing.status, 404);
    t.equal(missing.json.message, 'configmaps "gone" not found');
  });

  t.test('DELETE keeps to its preconditions', async (t) => {
    const made = await created(api, 'guarded');
    for (const preconditions of [{ uid: 'other' }, { resourceVersion: '1' }]) {
      const { status, json } = await api.ask('DELETE', `${maps}/guarded`, {
        body: { preconditions },
      });
      t.equal(status, 409);
      t.match(json.message, /in the precondition \((other|1)\) does not match/);
    }
    const { uid, resourceVersion } = made.metadata;
    const preconditions = { uid, resourceVersion };
    t.equal((await api.ask('DELETE', `${maps}/guarded`, { body: { preconditions } })).status, 200);
  });

  t.test('DELETE waits for finalizers', async (t) => {
    const body = { metadata: { name: 'held', finalizers: ['example.org/hold'] } };
    t.equal((await api.ask('POST', maps, { body })).status, 201);
    const { status, json } = await api.ask('DELETE', `${maps}/held`);
    t.equal(status, 200);
    t.match(json, {
      kind: 'ConfigMap',
      metadata: { deletionTimestamp: /./, deletionGracePeriodSeconds: 0 },
    });
    t.equal((await api.ask('GET', `${maps}/held`)).status, 200, 'it is still there');
    const patch = { metadata: { finalizers: null } };
    const headers = { 'content-type': 'application/merge-patch+json' };
    t.equal((await api.ask('PATCH', `${maps}/held`, { body: patch, headers })).status, 200);
    t.equal((await api.ask('GET', `${maps}/held`)).status, 404);
  });

  t.test('DELETE with a propagation policy leaves its finalizer', async (t) => {
    await created(api, 'owner');
    const { json } = await api.ask('DELETE', `${maps}/owner?propagationPolicy=Foreground`);
    t.same(json.metadata.finalizers, ['foregroundDeletion']);
  });

  t.test('DELETE of a collection removes what is selected', async (t) => {
    for (const [name, labels] of [
      ['c1', { x: 'y' }],
      ['c2', { x: 'y' }],
      ['c3', {}],
    ] as const) {
      await api.ask('POST', maps, { body: { metadata: { name, labels } } });
    }
    const { status, json } = await api.ask('DELETE', `${maps}?labelSelector=x%3Dy`);
    t.equal(status, 200);
    t.equal(json.kind, 'ConfigMapList');
    t.same(
      json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['c1', 'c2'],
    );
    t.equal((await api.ask('GET', `${maps}/c1`)).status, 404);
    t.equal((await api.ask('GET', `${maps}/c3`)).status, 200);
  });

  t.test('namespaces go only when they are finalized', async (t) => {
    const made = await api.ask('POST', '/api/v1/namespaces', {
      body: { metadata: { name: 'short' } },
    });
    t.match(made.json, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
    const deleted = await api.ask('DELETE', '/api/v1/namespaces/short');
    t.match(deleted.json, {
      status: { phase: 'Terminating' },
      metadata: { deletionTimestamp: /./ },
    });
    const path = '/api/v1/namespaces/short/configmaps';
    const refused = await api.ask('POST', path, { body: map('late') });
    t.equal(refused.status, 403);
    t.match(refused.json.details.causes[0], { reason: 'NamespaceTerminating' });
    const { json } = await api.ask('GET', '/api/v1/namespaces/short');
    json.spec.finalizers = [];
    t.equal(
      (await api.ask('PUT', '/api/v1/namespaces/short/finalize', { body: json })).status,
      200,
    );
    t.equal((await api.ask('GET', '/api/v1/namespaces/short')).status, 404);
  });
});
