import t from 'tap';
import { until } from '../../../client/until.js';
import { startApi } from './api-rig.js';

t.test('requests', async (t) => {
  const api = await startApi(t);

  t.test('who does not say who asks is 401, but may ask for health', async (t) => {
    const { status, json } = await api.ask('GET', '/api/v1/pods', { user: '' });
    t.equal(status, 401);
    t.match(json, { kind: 'Status', message: 'Unauthorized', reason: 'Unauthorized', code: 401 });
    t.equal((await api.ask('GET', '/api/v1/pods', { user: 'mallory' })).status, 401);
    for (const path of ['/healthz', '/livez', '/readyz']) {
      t.equal((await api.ask('GET', path, { user: '' })).text, 'ok');
    }
  });

  t.test('health tells its parts', async (t) => {
    const { text } = await api.ask('GET', '/readyz?verbose');
    t.match(text, /^\[\+\]ping ok$/m);
    t.match(text, /^\[\+\]etcd ok$/m);
    t.match(text, /readyz check passed\n$/);
    t.equal((await api.ask('GET', '/readyz/ping')).text, 'ok');
    t.equal((await api.ask('GET', '/readyz/nothing')).status, 404);
    const excluded = await api.ask('GET', '/livez?verbose&exclude=ping&exclude=nonsense');
    t.match(excluded.text, /\[\+\]ping excluded: ok/);
    t.match(
      excluded.text,
      /warn: some health checks cannot be excluded: no matches for "nonsense"/,
    );
  });

  t.test('the documents about the server are there', async (t) => {
    t.match((await api.ask('GET', '/version')).json, {
      major: '1',
      minor: '36',
      gitVersion: /^v1\.36\.\d+\+flotilla/,
      gitCommit: /^[0-9a-f]+$/,
    });
    const { paths } = (await api.ask('GET', '/')).json;
    for (const path of ['/api', '/apis', '/version', '/readyz', '/metrics'])
      t.ok(paths.includes(path), path);
    t.match((await api.ask('GET', '/api')).json, { kind: 'APIVersions', versions: ['v1'] });
    t.equal((await api.ask('GET', '/apis')).json.kind, 'APIGroupList');
    t.equal((await api.ask('GET', '/apis/apps')).json.kind, 'APIGroup');
    t.equal((await api.ask('GET', '/apis/apps/v1')).json.kind, 'APIResourceList');
  });

  t.test('aggregated discovery is answered to those who ask, and not twice', async (t) => {
    const accept =
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const { headers, json } = await api.ask('GET', '/apis', { headers: { accept } });
    t.equal(json.kind, 'APIGroupDiscoveryList');
    t.equal(
      headers['content-type'],
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    );
    const again = await api.ask('GET', '/apis', {
      headers: { accept, 'if-none-match': String(headers.etag) },
    });
    t.equal(again.status, 304);
  });

  for (const [method, path, status] of [
    ['GET', '/nothing', 404],
    ['GET', '/apis/nothing.org/v1/things', 404],
    ['GET', '/api/v1/namespaces/default/things', 404],
    ['GET', '/api/v1/pods/name', 404],
    ['GET', '/api/v1/namespaces/default/nodes', 404],
    ['GET', '/api/v1/namespaces/default/configmaps/x/status', 404],
    ['POST', '/api/v1/configmaps', 405],
    ['PUT', '/api/v1/namespaces/default/configmaps', 405],
    ['DELETE', '/api/v1/configmaps', 405],
    ['POST', '/api/v1/namespaces/default/pods/x/status', 405],
  ] as const) {
    t.test(`${method} ${path} is ${status}`, async (t) => {
      t.equal((await api.ask(method, path, method === 'GET' ? {} : { body: {} })).status, status);
    });
  }

  t.test('every answer names its request, and none is to be kept', async (t) => {
    const { headers } = await api.ask('GET', '/version', { headers: { 'audit-id': 'mine-1' } });
    t.equal(headers['audit-id'], 'mine-1');
    t.equal(headers['cache-control'], 'no-cache, private');
    t.match((await api.ask('GET', '/version')).headers['audit-id'], /^[0-9a-f-]{36}$/);
  });

  t.test('HEAD is GET without the body', async (t) => {
    const { status, text, headers } = await api.ask('HEAD', '/api/v1/namespaces/default');
    t.equal(status, 200);
    t.equal(text, '');
    t.match(headers['content-length'], /^\d+$/);
  });

  t.test('?timeout= is read as a duration', async (t) => {
    t.equal((await api.ask('GET', '/api/v1/pods?timeout=32s')).status, 200);
    const { status, json } = await api.ask('GET', '/api/v1/pods?timeout=soon');
    t.equal(status, 400);
    t.match(json.message, 'invalid timeout specified in the request URL');
  });

  t.test('metrics count requests under their names', async (t) => {
    await api.ask('GET', '/api/v1/pods');
    const { text } = await api.ask('GET', '/metrics');
    t.match(
      text,
      /^apiserver_request_total\{verb="LIST",group="",version="v1",resource="pods",subresource="",scope="cluster",component="apiserver",code="200",dry_run=""\} \d+$/m,
    );
    t.match(text, /^apiserver_request_duration_seconds_bucket\{/m);
    t.match(text, /^apiserver_current_inflight_requests\{request_kind="readOnly"\} \d+$/m);
  });

  t.test('reviews answer who somebody is and what they may do', async (t) => {
    const who = await api.ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      body: {},
      user: 'alice',
    });
    t.match(who.json.status.userInfo, { username: 'alice', uid: 'alice-uid' });
    const may = await api.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      body: { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } },
      user: 'alice',
    });
    t.equal(may.status, 201);
    t.equal(may.json.status.allowed, true);
  });
});

t.test('authorization by RBAC refuses what nobody granted', async (t) => {
  const api = await startApi(t, ['--authorization-mode=RBAC']);
  const path = '/api/v1/namespaces/default/pods';
  const { status, json } = await api.ask('GET', `${path}/x`, { user: 'alice' });
  t.equal(status, 403);
  t.equal(
    json.message,
    'pods "x" is forbidden: User "alice" cannot get resource "pods" in API group "" in the namespace "default"',
  );
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
  const role = {
    metadata: { name: 'reader' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
  };
  t.equal((await api.ask('POST', `${rbac}/roles`, { body: role })).status, 201);
  const binding = {
    metadata: { name: 'alice' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' }],
  };
  t.equal((await api.ask('POST', `${rbac}/rolebindings`, { body: binding })).status, 201);
  const isListed = async () => (await api.ask('GET', path, { user: 'alice' })).status === 200;
  await until('alice may list', isListed);
  t.equal((await api.ask('GET', path, { user: 'bob' })).status, 403);
  const impersonated = await api.ask('GET', path, { headers: { 'impersonate-user': 'bob' } });
  t.equal(impersonated.status, 403);
  t.match(impersonated.json.message, 'User "bob" cannot list resource "pods"');
});
