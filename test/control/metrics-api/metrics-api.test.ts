import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import type { Node, Pod } from '../../../src/control/api/gen/core-v1.js';
import type { Lister } from '../../../src/control/client/index.js';
import type { RequestUser } from '../../../src/control/delegation/index.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';
import { MetricsSource, metricsApi, UsageBook } from '../../../src/control/metrics-api/index.js';
import type { WebRequest, WebResponse } from '../../../src/rpc/index.js';

function lister<T extends KubeObject>(objects: readonly T[]): Lister<T> {
  return {
    size: objects.length,
    all: () => objects,
    get: (namespace, name) =>
      objects.find(
        ({ metadata }) => (metadata.namespace ?? '') === namespace && metadata.name === name,
      ),
    byKey: () => undefined,
    byIndex: (_index, value) => objects.filter(({ metadata }) => metadata.namespace === value),
  };
}

const pod = (namespace: string, name: string, app: string): Pod => ({
  metadata: { namespace, name, labels: { app } },
  spec: { nodeName: 'n1', containers: [] },
});

const pods = [
  pod('b', 'one', 'x'),
  pod('a', 'two', 'y'),
  pod('a', 'one', 'x'),
  pod('a', 'off', 'x'),
];
const nodes: Node[] = [
  { metadata: { name: 'n1', labels: { zone: 'z' } } },
  { metadata: { name: 'dark' } },
];

function makeApi() {
  const book = new UsageBook(15_000);
  for (const round of [0, 1]) {
    const at = { atMs: 1_700_000_000_000 + round * 15_042, startedAtMs: 0 };
    book.add('n1', {
      node: { ...at, cpuNanoseconds: round * 15_042_000_000, memoryBytes: 2 ** 31 },
      containers: ['a/one', 'a/two', 'b/one'].flatMap((key) => {
        const [namespace = '', name = ''] = key.split('/');
        return ['c1', 'c2'].map((container) => ({
          ...{ namespace, pod: name, container },
          sample: { ...at, cpuNanoseconds: round * 1_504_200_000, memoryBytes: 1024 * 1024 },
        }));
      }),
    });
  }
  const source = new MetricsSource({
    ...{ nodes: lister(nodes), pods: lister(pods), book, now: () => 1_700_000_020_000 },
  });
  const asked: unknown[] = [];
  const handler = metricsApi({
    source,
    logger: silentLogger,
    async authenticate({ headers }) {
      const name = headers.get('authorization');
      if (name === undefined) return { refusal: 'nobody' };
      const user: RequestUser = { name, uid: '', groups: [], extra: {} };
      return { user: name === 'master' ? { ...user, groups: ['system:masters'] } : user };
    },
    async isAllowed(user, attributes) {
      asked.push(attributes);
      if (user.name === 'broken') throw new Error('down');
      return user.name === 'ann';
    },
  });
  const ask = async (
    path: string,
    { as = 'ann', accept = 'application/json', method = 'GET' } = {},
  ) => {
    const [bare = '', query = ''] = path.split('?');
    const headers = new Map([['accept', accept], ...(as === '' ? [] : [['authorization', as]])] as [
      string,
      string,
    ][]);
    let status = 0;
    let body = '';
    const response = {
      start: (code: number) => {
        status = code;
      },
      end: (chunk: Uint8Array) => {
        body = Buffer.from(chunk).toString();
      },
    } as unknown as WebResponse;
    await handler({ method, path: bare, query, headers } as unknown as WebRequest, response);
    return { status, body: JSON.parse(body) };
  };
  return { ask, asked };
}

const root = '/apis/metrics.k8s.io/v1beta1';

t.test('the metrics API answers nodes and pods whose use is known', async (t) => {
  const { ask } = makeApi();
  t.same((await ask(`${root}/nodes/n1`)).body, {
    ...{ kind: 'NodeMetrics', apiVersion: 'metrics.k8s.io/v1beta1' },
    metadata: { name: 'n1', creationTimestamp: '2023-11-14T22:13:40Z', labels: { zone: 'z' } },
    ...{ timestamp: '2023-11-14T22:13:35Z', window: '15.042s' },
    usage: { cpu: '1', memory: '2Gi' },
  });
  const one = (await ask(`${root}/namespaces/a/pods/one`)).body;
  t.same(one.containers, [
    { name: 'c1', usage: { cpu: '100m', memory: '1Mi' } },
    { name: 'c2', usage: { cpu: '100m', memory: '1Mi' } },
  ]);
  t.match(one, {
    kind: 'PodMetrics',
    metadata: { namespace: 'a', name: 'one' },
    window: '15.042s',
  });
  const cases: readonly [string, string, readonly string[]][] = [
    ['/nodes', 'NodeMetricsList', ['n1']],
    ['/pods', 'PodMetricsList', ['a/one', 'a/two', 'b/one']],
    ['/namespaces/a/pods', 'PodMetricsList', ['a/one', 'a/two']],
    ['/namespaces/none/pods', 'PodMetricsList', []],
    ['/pods?labelSelector=app%3Dx', 'PodMetricsList', ['a/one', 'b/one']],
    ['/pods?labelSelector=app+notin+(x)', 'PodMetricsList', ['a/two']],
    ['/pods?fieldSelector=metadata.name%3Done', 'PodMetricsList', ['a/one', 'b/one']],
    ['/pods?fieldSelector=metadata.namespace!%3Da', 'PodMetricsList', ['b/one']],
  ];
  for (const [path, kind, names] of cases) {
    const { status, body } = await ask(`${root}${path}`);
    t.equal(status, 200, path);
    t.equal(body.kind, kind, path);
    const found = body.items.map(
      ({ metadata }: { metadata: { namespace?: string; name: string } }) =>
        metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`,
    );
    t.same(found, names, path);
  }
});

t.test('the metrics API answers tables to those who ask for them first', async (t) => {
  const { ask } = makeApi();
  const accept =
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
  const { body } = await ask(`${root}/namespaces/a/pods`, { accept });
  t.equal(body.kind, 'Table');
  t.equal(body.apiVersion, 'meta.k8s.io/v1');
  t.same(
    body.columnDefinitions.map(({ name }: { name: string }) => name),
    ['Name', 'cpu', 'memory', 'Window'],
  );
  t.same(body.rows[0].cells, ['one', '200m', '2Mi', '15.042s']);
  t.equal(body.rows[0].object.metadata.name, 'one');
  const old = await ask(`${root}/nodes/n1`, {
    accept:
      'application/json;as=Table;v=v9;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io',
  });
  t.equal(old.body.apiVersion, 'meta.k8s.io/v1beta1', 'the first version that is known');
  const plain = await ask(`${root}/nodes/n1`, {
    accept: 'application/json,application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  t.equal(plain.body.kind, 'NodeMetrics');
});

t.test('the metrics API says what it serves', async (t) => {
  const { ask } = makeApi();
  const { body } = await ask(root);
  t.same(
    body.resources.map(({ name, kind, namespaced }: Record<string, unknown>) => [
      ...[name, kind, namespaced],
    ]),
    [
      ['nodes', 'NodeMetrics', false],
      ['pods', 'PodMetrics', true],
    ],
  );
  t.equal((await ask('/apis')).body.kind, 'APIGroupList');
  t.equal((await ask('/apis/metrics.k8s.io/')).body.kind, 'APIGroup');
});

t.test('the metrics API has documents of OpenAPI, of either version', async (t) => {
  const { ask } = makeApi();
  const mark = (kind: string) => ({
    'x-kubernetes-group-version-kind': [{ group: 'metrics.k8s.io', version: 'v1beta1', kind }],
  });
  const prefix = 'io.k8s.metrics.pkg.apis.metrics.v1beta1.';
  const { body: index } = await ask('/openapi/v3', { as: 'master' });
  const url = index.paths['apis/metrics.k8s.io/v1beta1'].serverRelativeURL;
  t.match(url, /^\/openapi\/v3\/apis\/metrics\.k8s\.io\/v1beta1\?hash=[0-9A-F]{128}$/);
  const { body: third } = await ask(url, { as: 'master' });
  const { body: second } = await ask('/openapi/v2', { as: 'master' });
  for (const schemas of [third.components.schemas, second.definitions]) {
    t.match(schemas[`${prefix}NodeMetrics`], mark('NodeMetrics'));
    t.match(schemas[`${prefix}PodMetricsList`], mark('PodMetricsList'));
    t.match(schemas[`${prefix}NodeMetrics`].properties.usage.description, /cores/);
    const text = JSON.stringify(schemas);
    for (const [, name = ''] of text.matchAll(/"\$ref":"[^"]*\/([^"/]+)"/g))
      t.ok(schemas[name], `${name} is there`);
  }
  t.same(Object.keys(second.paths), Object.keys(third.paths));
  t.match(second.paths['/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods/{name}'].get, {
    operationId: 'readMetricsV1beta1NamespacedPodMetrics',
    'x-kubernetes-action': 'get',
  });
});

t.test('the metrics API refuses in the words of Kubernetes', async (t) => {
  const { ask, asked } = makeApi();
  const cases: readonly [string, Parameters<typeof ask>[1], number, string][] = [
    ['/nodes', { as: '' }, 401, 'Unauthorized'],
    [
      '/nodes',
      { as: 'bob' },
      403,
      'nodes.metrics.k8s.io is forbidden: User "bob" cannot list resource "nodes" in API group "metrics.k8s.io" at the cluster scope',
    ],
    [
      '/namespaces/a/pods/one',
      { as: 'bob' },
      403,
      'pods.metrics.k8s.io "one" is forbidden: User "bob" cannot get resource "pods" in API group "metrics.k8s.io" in the namespace "a"',
    ],
    ['/nodes', { as: 'broken' }, 500, 'Internal error occurred: down'],
    ['/nodes/dark', {}, 404, 'nodes.metrics.k8s.io "dark" not found'],
    ['/namespaces/a/pods/off', {}, 404, 'pods.metrics.k8s.io "a/off" not found'],
    ['/namespaces/a/pods/none', {}, 404, 'pods.metrics.k8s.io "a/none" not found'],
    ['/pods/one', {}, 404, 'the server could not find the requested resource'],
    ['/nodes/n1/x', {}, 404, 'the server could not find the requested resource'],
    ['/things', {}, 404, 'the server could not find the requested resource'],
    ['/pods?fieldSelector=spec.nodeName%3Dn1', {}, 400, 'field label not supported: spec.nodeName'],
    ['/nodes', { method: 'POST', as: 'master' }, 405, 'create is not supported'],
    ['/nodes?watch=true', {}, 405, 'watch is not supported'],
  ];
  for (const [path, options, status, message] of cases) {
    const answer = await ask(`${root}${path}`, options);
    t.equal(answer.status, status, path);
    t.match(answer.body, { kind: 'Status', status: 'Failure' }, path);
    t.match(answer.body.message, message, path);
  }
  asked.length = 0;
  t.equal((await ask(`${root}/nodes`, { as: 'master' })).status, 200);
  t.same(asked, [], 'who has all rights is not asked for');
});
