import t from 'tap';
import { until } from '../../../client/until.js';
import { type ApiRig, startApi } from './api-rig.js';

const inDefault = (groupVersion: string, resource: string) =>
  `/${groupVersion === 'v1' ? 'api' : 'apis'}/${groupVersion}/namespaces/default/${resource}`;
const maps = inDefault('v1', 'configmaps');
const leases = inDefault('coordination.k8s.io/v1', 'leases');
const applying = { 'content-type': 'application/apply-patch+yaml' };

/** Allows alice these verbs on config maps and leases, and waits until it is known. */
async function allow(api: ApiRig, verbs: readonly string[]): Promise<void> {
  const rbac = inDefault('rbac.authorization.k8s.io/v1', '');
  const role = {
    metadata: { name: 'some' },
    rules: [{ apiGroups: ['', 'coordination.k8s.io'], resources: ['configmaps', 'leases'], verbs }],
  };
  await api.ask('POST', `${rbac}roles`, { body: role });
  const binding = {
    metadata: { name: 'some' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'some' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' }],
  };
  await api.ask('POST', `${rbac}rolebindings`, { body: binding });
  const isKnown = async () => (await api.ask('GET', `${maps}/x`, { user: 'alice' })).status === 404;
  await until('alice may', isKnown);
}

t.test('who may only change objects creates none by changing them', async (t) => {
  const api = await startApi(t, ['--authorization-mode=RBAC']);
  await allow(api, ['get', 'update', 'patch']);
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { a: '1' } };
  const lease = { metadata: { name: 'l' }, spec: { holderIdentity: 'alice' } };
  const apply = (user: string, query = '') =>
    api.ask('PATCH', `${maps}/m?fieldManager=me${query}`, { body: map, headers: applying, user });
  const put = (user: string, body: unknown = lease) =>
    api.ask('PUT', `${leases}/l`, { body, user });

  for (const ask of [
    () => apply('alice'),
    () => apply('alice', '&dryRun=All'),
    () => put('alice'),
  ]) {
    const { status, json } = await ask();
    t.equal(status, 403);
    t.match(json.message, /^\S+ "\w" is forbidden: User "alice" cannot create resource/);
  }
  t.equal((await api.ask('GET', `${maps}/m`)).status, 404);
  t.equal((await api.ask('GET', `${leases}/l`)).status, 404);

  t.equal((await apply('admin')).status, 201);
  const made = await put('admin');
  t.equal(made.status, 201);
  t.equal((await apply('alice')).status, 200);
  t.equal((await put('alice', made.json)).status, 200);
});

t.test('what clients invent makes no series of its own', async (t) => {
  const api = await startApi(t);
  const invented = ['/invented/x', '/apis/invented/v1/invented?watch=1', '/api/v1/invented'];
  for (const path of invented) {
    t.equal((await api.ask('GET', path)).status, 404, path);
    t.equal((await api.ask('GET', path, { user: 'nobody' })).status, 401, path);
  }
  const { text } = await api.ask('GET', '/metrics');
  t.match(text, 'apiserver_request_total');
  t.notMatch(text, 'invented');
});

t.test('names of the language are names like any other', async (t) => {
  const api = await startApi(t);
  for (const name of ['constructor', '__proto__']) {
    const headers = { 'impersonate-user': 'bob', [`impersonate-extra-${name}`]: 'value' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const { status, json } = await api.ask('POST', path, { body: {}, headers });
    t.equal(status, 201, name);
    t.same(Object.entries(json.status.userInfo.extra), [[name, ['value']]]);
  }
});

t.test('options of a deletion are no deeper than objects', async (t) => {
  const api = await startApi(t);
  const headers = { 'content-type': 'application/yaml' };
  const body = `a: ${'['.repeat(5000)}${']'.repeat(5000)}`;
  const { status, json } = await api.ask('DELETE', `${maps}/none`, { body, headers });
  t.equal(status, 400);
  t.match(json.message, 'exceeded max depth');
});

t.test('patches are no deeper than objects', async (t) => {
  const api = await startApi(t);
  const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'deep' } };
  t.equal((await api.ask('POST', maps, { body: made })).status, 201);
  for (const levels of [900, 1500, 200_000]) {
    const deep = `${'{"x":'.repeat(levels)}1${'}'.repeat(levels)}`;
    for (const [type, body] of [
      ['merge-patch+json', `{"data":${deep}}`],
      ['strategic-merge-patch+json', `{"data":${deep}}`],
      ['json-patch+json', `[{"op":"add","path":"/data","value":${deep}}]`],
    ] as const) {
      const headers = { 'content-type': `application/${type}` };
      const { status } = await api.ask('PATCH', `${maps}/deep`, { body, headers });
      t.ok(status >= 400 && status < 500, `${levels} ${type}: ${status}`);
    }
  }
});

t.test('a path goes no further than the subresource', async (t) => {
  const api = await startApi(t);
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'far' } };
  t.equal((await api.ask('POST', '/api/v1/namespaces', { body })).status, 201);
  t.equal((await api.ask('GET', '/api/v1/namespaces/far/status')).status, 200);
  for (const path of ['far/status/more', 'far/finalize/more'])
    for (const method of ['GET', 'PUT'])
      t.equal((await api.ask(method, `/api/v1/namespaces/${path}`, { body })).status, 404, path);
});
