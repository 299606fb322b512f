/** Kubernetes' client for JavaScript, against a store and an API server of ours: objects come and go, informers see it all. */
import {
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Deployment,
} from '@kubernetes/client-node';
import t from 'tap';
import { until } from '../../client/until.js';
import { ControlPlane } from '../../e2e/kubectl/control-plane.js';

const namespace = 'default';

t.test('@kubernetes/client-node', async (t) => {
  const plane = await ControlPlane.forTest(t);
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const map = (name: string, data = {}): V1ConfigMap => ({ metadata: { name }, data });

  t.test('creates, reads, replaces, patches, lists and deletes', async (t) => {
    const created = await core.createNamespacedConfigMap({ namespace, body: map('a', { k: '1' }) });
    t.match(created.metadata, { name: 'a', namespace, uid: /^[0-9a-f-]{36}$/ });
    t.ok(created.metadata?.creationTimestamp instanceof Date);
    const replaced = await core.replaceNamespacedConfigMap({
      ...{ name: 'a', namespace },
      body: { ...created, data: { k: '2' } },
    });
    t.not(replaced.metadata?.resourceVersion, created.metadata?.resourceVersion);
    const stale = core.replaceNamespacedConfigMap({ name: 'a', namespace, body: created });
    await t.rejects(stale, { code: 409 });
    await core.patchNamespacedConfigMap(
      { name: 'a', namespace, body: { data: { l: '3' } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    const read = await core.readNamespacedConfigMap({ name: 'a', namespace });
    t.same(read.data, { k: '2', l: '3' });
    await core.createNamespacedConfigMap({ namespace, body: map('b') });
    const page = await core.listNamespacedConfigMap({ namespace, limit: 1 });
    t.equal(page.items.length, 1);
    const next = await core.listNamespacedConfigMap({
      ...{ namespace, limit: 1 },
      _continue: page.metadata?._continue ?? '',
    });
    t.equal(next.items[0]?.metadata?.name, 'b');
    for (const name of ['a', 'b']) await core.deleteNamespacedConfigMap({ name, namespace });
    await t.rejects(core.readNamespacedConfigMap({ name: 'a', namespace }), { code: 404 });
  });

  t.test('works with objects of any kind, server-side apply too', async (t) => {
    const objects = KubernetesObjectApi.makeApiClient(config);
    const spec: V1Deployment = {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'd' } },
        template: {
          metadata: { labels: { app: 'd' } },
          spec: { containers: [{ name: 'c', image: 'i:1' }] },
        },
      },
    };
    const apply = () =>
      objects.patch(spec, undefined, undefined, 'me', undefined, PatchStrategy.ServerSideApply);
    const first = await apply();
    t.match(first.metadata?.managedFields, [{ manager: 'me', operation: 'Apply' }]);
    t.equal((await apply()).metadata?.resourceVersion, first.metadata?.resourceVersion);
    await objects.delete(spec);
  });

  t.test('an informer sees what was there and what comes', async (t) => {
    await core.createNamespacedConfigMap({ namespace, body: map('before') });
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const list = () => core.listNamespacedConfigMap({ namespace });
    const informer = makeInformer<V1ConfigMap>(config, path, list);
    const seen: string[] = [];
    for (const event of ['add', 'update', 'delete'] as const) {
      informer.on(event, ({ metadata }) => {
        seen.push(`${event} ${metadata?.name}`);
      });
    }
    await informer.start();
    t.teardown(() => informer.stop());
    await core.createNamespacedConfigMap({ namespace, body: map('after') });
    await core.replaceNamespacedConfigMap({
      ...{ name: 'after', namespace },
      body: map('after', { k: 'v' }),
    });
    await core.deleteNamespacedConfigMap({ name: 'before', namespace });
    await until('the deletion is seen', () => seen.includes('delete before'));
    t.same(seen, ['add before', 'add after', 'update after', 'delete before']);
    t.equal(informer.get('after', namespace)?.data?.k, 'v');
  });
});
