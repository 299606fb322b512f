import t from 'tap';
import { startApi } from './api-rig.js';

const pods = '/api/v1/namespaces/default/pods';
const merge = { 'content-type': 'application/merge-patch+json' };

t.test('subresources', async (t) => {
  const api = await startApi(t, ['--disable-admission-plugins=ServiceAccount']);
  const pod = (name: string, labels = {}) => ({
    metadata: { name, labels },
    spec: { containers: [{ name: 'c', image: 'i:1' }] },
  });

  t.test('status is written by its own path alone', async (t) => {
    await api.ask('POST', pods, { body: pod('s') });
    const byObject = await api.ask('PATCH', `${pods}/s`, {
      body: { status: { phase: 'Running' } },
      headers: merge,
    });
    t.equal(byObject.json.status.phase, 'Pending');
    const body = { status: { phase: 'Running' }, spec: { activeDeadlineSeconds: 5 } };
    const byStatus = await api.ask('PATCH', `${pods}/s/status`, { body, headers: merge });
    t.equal(byStatus.json.status.phase, 'Running');
    t.equal(byStatus.json.spec.activeDeadlineSeconds, undefined);
    t.equal((await api.ask('GET', `${pods}/s/status`)).json.status.phase, 'Running');
  });

  t.test('binding puts a pod on a node, once', async (t) => {
    const labels = { 'topology.kubernetes.io/zone': 'west' };
    await api.ask('POST', '/api/v1/nodes', { body: { metadata: { name: 'west-1', labels } } });
    await api.ask('POST', pods, { body: pod('b') });
    await api.ask('PATCH', `${pods}/b/status`, {
      body: { status: { nominatedNodeName: 'n3' } },
      headers: merge,
    });
    const bind = (node: string) =>
      api.ask('POST', `${pods}/b/binding`, {
        body: {
          metadata: { name: 'b', annotations: { by: 'hand' } },
          target: { kind: 'Node', name: node },
        },
      });
    t.equal((await bind('')).status, 422);
    const { status, json } = await bind('west-1');
    t.equal(status, 201);
    t.match(json, { kind: 'Status', status: 'Success' });
    const bound = (await api.ask('GET', `${pods}/b`)).json;
    t.equal(bound.spec.nodeName, 'west-1');
    t.match(bound.metadata, { labels, annotations: { by: 'hand' } });
    t.equal(bound.status.nominatedNodeName, undefined, 'what was hoped for is settled');
    t.match(
      bound.status.conditions.find((one: { type: string }) => one.type === 'PodScheduled'),
      { status: 'True' },
    );
    const again = await bind('n2');
    t.equal(again.status, 409);
    t.match(again.json.message, /pod b is already assigned to node "west-1"/);
    const deleted = await api.ask('DELETE', `${pods}/b`);
    t.match(
      deleted.json.metadata,
      { deletionGracePeriodSeconds: 30, deletionTimestamp: /./ },
      'who runs it has time to stop it',
    );
    t.equal((await api.ask('DELETE', `${pods}/b?gracePeriodSeconds=0`)).status, 200);
    t.equal((await api.ask('GET', `${pods}/b`)).status, 404);
  });

  t.test('a pod that no node runs has no log, and nobody to talk to', async (t) => {
    const body = { metadata: { name: 'u' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    await api.ask('POST', pods, { body });
    t.equal((await api.ask('GET', `${pods}/u/log`)).status, 204);
    for (const path of ['exec?command=ls', 'attach', 'portforward']) {
      const { status, json } = await api.ask('POST', `${pods}/u/${path}`);
      t.equal(status, 400, path);
      t.equal(json.message, 'pod u does not have a host assigned', path);
    }
    const other = await api.ask('GET', `${pods}/u/log?container=d`);
    t.equal(other.status, 400);
    t.equal(other.json.message, 'container d is not valid for pod u');
    t.equal((await api.ask('GET', `${pods}/none/log`)).status, 404);
    const two = { ...body.spec, containers: [...body.spec.containers, { name: 'd', image: 'i' }] };
    await api.ask('POST', pods, { body: { metadata: { name: 'two' }, spec: two } });
    const unnamed = await api.ask('POST', `${pods}/two/exec?command=ls`);
    t.equal(
      unnamed.json.message,
      'a container name must be specified for pod two, choose one of: [c d]',
    );
    const bound = { metadata: { name: 'on' }, spec: { ...body.spec, nodeName: 'gone' } };
    await api.ask('POST', pods, { body: bound });
    const nowhere = await api.ask('GET', `${pods}/on/log`);
    t.equal(nowhere.status, 404);
    t.equal(nowhere.json.message, 'nodes "gone" not found');
  });

  t.test('scale shows and sets replicas', async (t) => {
    const path = '/apis/apps/v1/namespaces/default/deployments';
    const spec = {
      replicas: 2,
      selector: { matchLabels: { app: 'a' } },
      template: { metadata: { labels: { app: 'a' } }, spec: pod('x').spec },
    };
    await api.ask('POST', path, { body: { metadata: { name: 'd' }, spec } });
    const { json } = await api.ask('GET', `${path}/d/scale`);
    t.match(json, {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 2 },
      status: { selector: 'app=a' },
    });
    const table = await api.ask('GET', `${path}/d/scale`, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    });
    t.same(
      table.json.columnDefinitions.map(({ name }: { name: string }) => name),
      ['Name', 'Desired', 'Available', 'Age'],
    );
    t.same(table.json.rows[0].cells.slice(0, 3), ['d', 2, 0]);
    const patched = await api.ask('PATCH', `${path}/d/scale`, {
      body: { spec: { replicas: 5 } },
      headers: merge,
    });
    t.equal(patched.json.spec.replicas, 5);
    json.spec.replicas = 7;
    t.equal(
      (await api.ask('PUT', `${path}/d/scale`, { body: json })).status,
      409,
      'of an older version',
    );
    delete json.metadata.resourceVersion;
    t.equal((await api.ask('PUT', `${path}/d/scale`, { body: json })).status, 200);
    t.match((await api.ask('GET', `${path}/d`)).json, {
      spec: { replicas: 7 },
      metadata: { generation: 3 },
    });
    const bad = await api.ask('PATCH', `${path}/d/scale`, {
      body: { spec: { replicas: -1 } },
      headers: merge,
    });
    t.equal(bad.status, 422);
    t.match(
      bad.json.message,
      /^Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0$/,
    );
  });

  t.test('eviction asks the disruption budget', async (t) => {
    const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
    const spec = { minAvailable: 1, selector: { matchLabels: { e: 'v' } } };
    await api.ask('POST', budgets, { body: { metadata: { name: 'budget' }, spec } });
    await api.ask('POST', pods, { body: pod('e', { e: 'v' }) });
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    await api.ask('PATCH', `${pods}/e/status`, { body: { status }, headers: merge });
    const allow = (disruptionsAllowed: number) =>
      api.ask('PATCH', `${budgets}/budget/status`, {
        body: {
          status: {
            observedGeneration: 1,
            disruptionsAllowed,
            currentHealthy: 1,
            desiredHealthy: 1,
            expectedPods: 1,
          },
        },
        headers: merge,
      });
    t.equal((await allow(0)).status, 200);
    const evict = () =>
      api.ask('POST', `${pods}/e/eviction`, { body: { metadata: { name: 'e' } } });
    const refused = await evict();
    t.equal(refused.status, 429);
    t.equal(
      refused.json.message,
      "Cannot evict pod as it would violate the pod's disruption budget.",
    );
    t.match(refused.json.details.causes[0], {
      reason: 'DisruptionBudget',
      message: 'The disruption budget budget needs 1 healthy pods and has 1 currently',
    });
    await allow(1);
    t.equal((await evict()).status, 201);
    const left = (await api.ask('GET', `${budgets}/budget`)).json.status;
    t.equal(left.disruptionsAllowed ?? 0, 0);
    t.match(left.disruptedPods, { e: /./ });
  });

  t.test('a token for a service account is one that is let in', async (t) => {
    await api.ask('POST', '/api/v1/namespaces/default/serviceaccounts', {
      body: { metadata: { name: 'robot' } },
    });
    const made = await api.ask('POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', {
      body: { spec: {} },
    });
    t.equal(made.status, 201, made.text);
    const user = made.json.status.token;
    const who = await api.ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      body: {},
      user,
    });
    t.equal(who.json.status.userInfo.username, 'system:serviceaccount:default:robot');
    const missing = await api.ask('POST', '/api/v1/namespaces/default/serviceaccounts/none/token', {
      body: { spec: {} },
    });
    t.equal(missing.status, 404);
  });

  t.test('what is not there says so', async (t) => {
    t.equal((await api.ask('GET', `${pods}/s/proxy`)).status, 400, 'a pod without an address');
    t.equal((await api.ask('GET', `${pods}/s/nothing`)).status, 404);
    t.match((await api.ask('GET', '/api/v1/componentstatuses')).json.items, [
      { metadata: { name: 'etcd-0' } },
    ]);
  });

  t.test('reviews are documents and no tables', async (t) => {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const body = { spec: { nonResourceAttributes: { path: '/', verb: 'get' } } };
    t.equal((await api.ask('POST', path, { body })).status, 201);
    for (const as of ['Table', 'PartialObjectMetadata']) {
      const accept = `application/json;as=${as};v=v1;g=meta.k8s.io`;
      const refused = await api.ask('POST', path, { body, headers: { accept } });
      t.equal(refused.status, 406, as);
      t.equal(refused.json.reason, 'NotAcceptable');
    }
  });

  t.test('deprecated kinds are served with a warning, which is counted', async (t) => {
    const table = 'application/json;as=Table;g=meta.k8s.io;v=v1';
    const statuses = await api.ask('GET', '/api/v1/componentstatuses', {
      headers: { accept: table },
    });
    t.equal(statuses.headers.warning, '299 - "v1 ComponentStatus is deprecated in v1.19+"');
    t.same(statuses.json.rows[0].cells, ['etcd-0', 'Healthy', 'ok', '']);
    t.equal(
      (await api.ask('GET', '/api/v1/namespaces/default/endpoints')).headers.warning,
      '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"',
    );
    t.notOk((await api.ask('GET', '/api/v1/namespaces/default/services')).headers.warning);
    t.match(
      (await api.ask('GET', '/metrics')).text,
      /requested_deprecated_apis\{group="",version="v1",resource="endpoints",subresource="",removed_release=""\} 1/,
    );
  });
});
