import t from 'tap';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import type { ReplicaSet } from '../../../../src/control/api/gen/apps-v1.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { apiResource, resources } from '../../../../src/control/client/index.js';
import { disruptionDefinition } from '../../../../src/control/controllers/disruption/definition.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { eventually, setPhase, startControllers, untilPodsCanBeMade } from '../batch-env.js';

const namespace = 'default';

t.test('DisruptionController: the server evicts as many pods as budgets allow', async (t) => {
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const { client } = env;
  const controllers = startControllers(client, [disruptionDefinition]);
  t.teardown(() => controllers.stop());
  await untilPodsCanBeMade(t, client);
  const pods = client.objects(resources.pods);
  const budgets = client.objects(resources.podDisruptionBudgets);
  const get = (name: string) => budgets.get({ namespace, name });
  const evict = (name: string) =>
    pods.create(
      { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } } as Pod,
      { subresource: 'eviction' },
    );
  const makePod = async (name: string, app: string, owner?: ReplicaSet) => {
    const made = await pods.create({
      metadata: {
        ...{ name, namespace, labels: { app } },
        ...(owner && {
          ownerReferences: [
            {
              ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', controller: true },
              ...{ name: owner.metadata.name ?? '', uid: owner.metadata.uid ?? '' },
            },
          ],
        }),
      },
      spec: { nodeName: 'nowhere', containers: [{ name: 'c', image: 'i' }] },
    });
    await setPhase(client, made, 'Running');
  };

  t.test('a number of pods', async (t) => {
    for (const name of ['a0', 'a1', 'a2']) await makePod(name, 'a');
    await budgets.create({
      metadata: { name: 'a', namespace },
      spec: { minAvailable: 2, selector: { matchLabels: { app: 'a' } } },
    });
    const counted = await eventually(
      t,
      'a count',
      () => get('a'),
      ({ status }) => status?.disruptionsAllowed === 1,
    );
    t.match(counted.status, {
      currentHealthy: 3,
      desiredHealthy: 2,
      expectedPods: 3,
      observedGeneration: 1,
    });
    await evict('a0');
    const noted = await eventually(
      t,
      'the eviction',
      () => get('a'),
      ({ status }) => status?.currentHealthy === 2,
    );
    t.equal(noted.status?.disruptionsAllowed, 0);
    await t.rejects(evict('a1'), StatusError);
    t.notOk((await pods.get({ namespace, name: 'a1' })).metadata.deletionTimestamp);
  });

  t.test('a share of what a ReplicaSet wants', async (t) => {
    const set = await client.objects(resources.replicaSets).create({
      metadata: { name: 'rs', namespace },
      spec: {
        replicas: 4,
        selector: { matchLabels: { app: 'b' } },
        template: {
          metadata: { labels: { app: 'b' } },
          spec: { containers: [{ name: 'c', image: 'i' }] },
        },
      },
    });
    for (const name of ['b0', 'b1', 'b2']) await makePod(name, 'b', set);
    await budgets.create({
      metadata: { name: 'b', namespace },
      spec: { maxUnavailable: '50%', selector: { matchLabels: { app: 'b' } } },
    });
    const counted = await eventually(
      t,
      'a count',
      () => get('b'),
      ({ status }) => status?.disruptionsAllowed === 1,
    );
    t.match(counted.status, { currentHealthy: 3, desiredHealthy: 2, expectedPods: 4 });
  });

  t.test('pods of a controller without a scale', async (t) => {
    const owner = await client
      .objects(resources.configMaps)
      .create({ metadata: { name: 'cm', namespace } });
    await pods.create({
      metadata: {
        ...{ name: 'c0', namespace, labels: { app: 'c' } },
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            controller: true,
            name: 'cm',
            uid: owner.metadata.uid ?? '',
          },
        ],
      },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    await budgets.create({
      metadata: { name: 'c', namespace },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'c' } } },
    });
    const failed = await eventually(
      t,
      'the failure',
      () => get('c'),
      ({ status }) => status?.conditions?.[0]?.reason === 'SyncFailed',
    );
    t.match(failed.status?.conditions?.[0]?.message, /does not implement the scale subresource/);
    t.equal(failed.status?.disruptionsAllowed ?? 0, 0);
  });

  t.test('a scale of a custom kind', async (t) => {
    const definitions = client.objects(
      apiResource(
        'apiextensions.k8s.io/v1',
        'customresourcedefinitions',
        'CustomResourceDefinition',
        'cluster',
      ),
    );
    await definitions.create({
      metadata: { name: 'herds.example.com' },
      spec: {
        ...{ group: 'example.com', scope: 'Namespaced' },
        names: { plural: 'herds', singular: 'herd', kind: 'Herd' },
        versions: [
          {
            ...{ name: 'v1', served: true, storage: true },
            schema: {
              openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
            subresources: {
              scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
              status: {},
            },
          },
        ],
      },
    } as never);
    const herds = client.objects(apiResource('example.com/v1', 'herds', 'Herd'));
    const herd = await eventually(
      t,
      'the kind',
      () =>
        herds
          .create({ metadata: { name: 'h', namespace }, spec: { replicas: 5 } } as never)
          .catch(() => null),
      (made) => made !== null,
    );
    const owner = {
      ...{ apiVersion: 'example.com/v1', kind: 'Herd', controller: true },
      ...{ name: 'h', uid: herd?.metadata.uid ?? '' },
    };
    const made = await pods.create({
      metadata: { name: 'd0', namespace, labels: { app: 'd' }, ownerReferences: [owner] },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    await setPhase(client, made, 'Running');
    await budgets.create({
      metadata: { name: 'd', namespace },
      spec: { maxUnavailable: 5, selector: { matchLabels: { app: 'd' } } },
    });
    const counted = await eventually(
      t,
      'a count',
      () => get('d'),
      ({ status }) => status?.expectedPods === 5 && status.currentHealthy === 1,
    );
    t.match(counted.status, { desiredHealthy: 0, disruptionsAllowed: 1 });
  });
});
