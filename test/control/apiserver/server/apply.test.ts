import t from 'tap';
import { until } from '../../../client/until.js';
import { type ApiRig, startApi } from './api-rig.js';

const maps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

const deployment = (replicas: number, image = 'nginx:1') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'nginx', image }] },
    },
  },
});

function apply(api: ApiRig, path: string, body: unknown, query = 'fieldManager=me') {
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  return api.ask('PATCH', `${path}?${query}`, { body, headers });
}

/** Asks until the path is served: definitions take a moment. */
async function served(ask: () => ReturnType<ApiRig['ask']>): ReturnType<ApiRig['ask']> {
  return until('the path is served', async () => {
    const answer = await ask();
    return answer.status === 404 ? null : answer;
  });
}

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly subresource?: string;
}

/** The managers of an object, by name: their own order depends on the second in which each came. */
async function managers(api: ApiRig, path: string): Promise<string[]> {
  const { json } = await api.ask('GET', path);
  const texts = (json.metadata.managedFields ?? []).map((entry: Entry) =>
    [entry.manager, entry.operation, entry.apiVersion, entry.subresource].join(' ').trim(),
  );
  return texts.sort();
}

t.test('server-side apply', async (t) => {
  const api = await startApi(t);

  t.test('creates with 201, changes with 200, and is no change the second time', async (t) => {
    const made = await apply(api, `${deployments}/web`, deployment(1));
    t.equal(made.status, 201);
    t.equal(made.json.spec.template.spec.restartPolicy, 'Always');
    const changed = await apply(api, `${deployments}/web`, deployment(2));
    t.equal(changed.status, 200);
    t.equal(changed.json.metadata.generation, 2);
    const again = await apply(api, `${deployments}/web`, deployment(2));
    t.same(again.json, changed.json);
  });

  t.test('of what is a default is no change the second time either', async (t) => {
    const body = { ...deployment(1), metadata: { name: 'zero' } };
    const spec = { ...body.spec, paused: false };
    const made = await apply(api, `${deployments}/zero`, { ...body, spec });
    t.match(made.json.metadata.managedFields[0].fieldsV1, { 'f:spec': { 'f:paused': {} } });
    const again = await apply(api, `${deployments}/zero`, { ...body, spec });
    t.same(again.json, made.json);
  });

  t.test('meets owners with 409 and overrules them by force', async (t) => {
    const refused = await apply(api, `${deployments}/web`, deployment(3), 'fieldManager=b');
    t.equal(refused.status, 409);
    t.equal(
      refused.json.message,
      'Apply failed with 1 conflict: conflict with "me": .spec.replicas',
    );
    const forced = await apply(
      api,
      `${deployments}/web`,
      deployment(3),
      'fieldManager=b&force=true',
    );
    t.equal(forced.json.spec.replicas, 3);
  });

  t.test('knows owners of replicas through the scale', async (t) => {
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' } };
    const path = `${deployments}/web/scale`;
    const headers = { 'content-type': 'application/merge-patch+json' };
    const patch = { spec: { replicas: 5 } };
    await api.ask('PATCH', `${path}?fieldManager=scaler`, { body: patch, headers });
    t.same(await managers(api, `${deployments}/web`), [
      'b Apply apps/v1',
      'me Apply apps/v1',
      'scaler Update apps/v1 scale',
    ]);
    const body = { ...scale, spec: { replicas: 6 } };
    const refused = await apply(api, path, body);
    t.equal(
      refused.json.message,
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using autoscaling/v1: .spec.replicas',
    );
    const forced = await apply(api, path, body, 'fieldManager=me&force=true');
    t.equal(forced.json.spec.replicas, 6);
    t.same(await managers(api, `${deployments}/web`), [
      'b Apply apps/v1',
      'me Apply apps/v1',
      'me Apply apps/v1 scale',
    ]);
  });

  t.test('notes updates of status and object apart', async (t) => {
    const body = { ...deployment(1), metadata: { name: 'status' } };
    await api.ask('POST', `${deployments}?fieldManager=maker`, { body });
    const headers = { 'content-type': 'application/merge-patch+json' };
    const patch = { status: { observedGeneration: 1 }, spec: { replicas: 9 } };
    await api.ask('PATCH', `${deployments}/status/status?fieldManager=s`, { body: patch, headers });
    const { json } = await api.ask('GET', `${deployments}/status`);
    t.equal(json.spec.replicas, 1);
    t.same(json.metadata.managedFields[1].fieldsV1, { 'f:status': { 'f:observedGeneration': {} } });
    t.same(await managers(api, `${deployments}/status`), [
      'maker Update apps/v1',
      's Update apps/v1 status',
    ]);
  });

  t.test('forgets managed fields when a client empties them', async (t) => {
    for (const managedFields of [[], [{}]]) {
      await api.ask('POST', maps, { body: { metadata: { name: 'reset' }, data: { a: 'x' } } });
      t.equal((await managers(api, `${maps}/reset`)).length, 1);
      const body = { metadata: { name: 'reset', managedFields }, data: { a: 'x' } };
      await api.ask('PUT', `${maps}/reset`, { body });
      t.same(await managers(api, `${maps}/reset`), []);
      await api.ask('DELETE', `${maps}/reset`);
    }
  });

  t.test('notes the version of the request', async (t) => {
    const hpas = (version: string) =>
      `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    const hpa = (version: string, maxReplicas: number) => ({
      apiVersion: `autoscaling/${version}`,
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h' },
      spec: { maxReplicas, scaleTargetRef },
    });
    t.equal((await apply(api, `${hpas('v1')}/h`, hpa('v1', 3))).status, 201);
    t.same(await managers(api, `${hpas('v2')}/h`), ['me Apply autoscaling/v1']);
    const refused = await apply(api, `${hpas('v2')}/h`, hpa('v2', 4), 'fieldManager=b');
    t.equal(refused.status, 409);
    t.equal((await apply(api, `${hpas('v2')}/h`, hpa('v2', 4))).status, 200);
    t.same(await managers(api, `${hpas('v2')}/h`), ['me Apply autoscaling/v2']);
  });

  t.test('merges custom resources by their schema, in each of their versions', async (t) => {
    const hosts = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, port: { type: 'integer' } },
      },
    };
    const spec = { type: 'object', properties: { hosts, size: { type: 'integer' } } };
    const openAPIV3Schema = { type: 'object', properties: { spec } };
    const version = (name: string) => ({
      name,
      served: true,
      storage: name === 'v1',
      schema: { openAPIV3Schema },
    });
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'things', kind: 'Thing' },
        versions: [version('v1'), version('v2')],
      },
    };
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await api.ask('POST', definitions, { body: definition });
    const path = (name: string) => `/apis/example.com/${name}/namespaces/default/things/x`;
    const thing = (name: string, fields: object) => ({
      apiVersion: `example.com/${name}`,
      kind: 'Thing',
      metadata: { name: 'x' },
      spec: fields,
    });
    const first = thing('v1', { size: 1, hosts: [{ name: 'a', port: 1 }] });
    const made = await served(() => apply(api, path('v1'), first));
    t.equal(made.status, 201);
    const second = { hosts: [{ name: 'b' }] };
    t.equal((await apply(api, path('v2'), thing('v2', second), 'fieldManager=b')).status, 200);
    const { json } = await apply(api, path('v2'), thing('v2', { size: 2 }));
    t.same(json.spec, { size: 2, hosts: [{ name: 'b' }] });
    t.same(await managers(api, path('v1')), ['b Apply example.com/v2', 'me Apply example.com/v2']);
  });

  t.test('of a dry run changes nothing', async (t) => {
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'dry' },
      data: { a: 'x' },
    };
    const answer = await apply(api, `${maps}/dry`, body, 'fieldManager=me&dryRun=All');
    t.equal(answer.status, 201);
    t.equal((await api.ask('GET', `${maps}/dry`)).status, 404);
  });

  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
  const refusals: [title: string, body: unknown, query: string, status: number, message: RegExp][] =
    [
      [
        'another kind',
        { ...map, kind: 'Secret' },
        '',
        400,
        /^invalid object type: \/v1, Kind=Secret$/,
      ],
      [
        'another version',
        { ...map, apiVersion: 'apps/v1' },
        '',
        400,
        /^invalid object type: apps\/v1, Kind=ConfigMap$/,
      ],
      ['no kind', { metadata: {} }, '', 400, /^invalid object type: \/, Kind=$/],
      ['no YAML', 'a: [b', '', 400, /^error decoding YAML: /],
      ['a list', '[]', '', 400, /^error decoding YAML: /],
      [
        'managed fields',
        { ...map, metadata: { name: 'x', managedFields: [] } },
        '',
        400,
        /^metadata.managedFields must be nil$/,
      ],
      [
        'unknown fields',
        { ...map, nonsense: 1 },
        '',
        500,
        /^failed to create typed patch object \(.*\): \.nonsense: field not declared in schema$/,
      ],
      [
        'metadata that is none',
        { ...map, metadata: 'x' },
        '',
        500,
        /\.metadata: expected map, got &\{x\}$/,
      ],
      [
        'another name',
        { ...map, metadata: { name: 'y' } },
        '',
        400,
        /^the name of the object \(y\) does not match/,
      ],
      [
        'a field twice',
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nmetadata: {name: x}\n',
        '&fieldValidation=Strict',
        400,
        /^error strict decoding YAML: /,
      ],
    ];
  for (const [title, body, query, status, message] of refusals) {
    t.test(`refuses ${title}`, async (t) => {
      const answer = await apply(api, `${maps}/x`, body, `fieldManager=me${query}`);
      t.equal(answer.status, status);
      t.match(answer.json.message, message);
    });
  }

  t.test('needs the name of a manager', async (t) => {
    const answer = await apply(api, `${maps}/x`, map, '');
    t.equal(answer.status, 422);
    t.match(answer.json.message, /fieldManager: Required value: is required for apply patch/);
  });
});
