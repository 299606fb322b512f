import t from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { type ApiResource, apiResource, resources } from '../../../../src/control/client/index.js';
import { replicaSetDefinition } from '../../../../src/control/controllers/replica-set/definition.js';
import { replicationControllerDefinition } from '../../../../src/control/controllers/replication-controller/definition.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { comesToRest, eventually } from '../cluster-env.js';
import { template, type WorkloadEnv, workloadEnv } from '../pods/workload-env.js';

const namespace = 'default';

interface Replicated extends KubeObject {
  spec?: object;
  status?: {
    readonly replicas?: number;
    readonly availableReplicas?: number;
    readonly observedGeneration?: number;
    readonly conditions?: readonly {
      readonly type?: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

const kinds: readonly (readonly [string, ApiResource<Replicated>, (app: string) => object])[] = [
  [
    'ReplicaSet',
    apiResource<Replicated>('apps/v1', 'replicasets', 'ReplicaSet'),
    (app) => ({ matchLabels: { app } }),
  ],
  [
    'ReplicationController',
    apiResource<Replicated>('v1', 'replicationcontrollers', 'ReplicationController'),
    (app) => ({ app }),
  ],
];

/** The controllers have seen all pods that were written so far: a set that wants none has taken the last of them away. */
async function untilPodsAreSeen({ client }: WorkloadEnv, who: string): Promise<void> {
  const name = `last-${who}`;
  const pods = client.objects(resources.pods);
  const { metadata, spec } = template(name);
  await client.objects(resources.replicaSets).create({
    metadata: { name, namespace },
    spec: { replicas: 0, selector: { matchLabels: { app: name } }, template: template(name) },
  });
  await pods.create({ metadata: { ...metadata, name, namespace }, ...(spec && { spec }) });
  await eventually(
    'the last pod goes',
    async () => (await pods.list({ namespace, labelSelector: `app=${name}` })).items,
    ({ length }) => length === 0,
  );
}

t.test('ReplicaSet, ReplicationController: against an API server', async (t) => {
  const env = await workloadEnv(t, [replicaSetDefinition, replicationControllerDefinition]);
  const pods = env.client.objects(resources.pods);
  for (const [kind, resource, selectorOf] of kinds) {
    await t.test(`${kind}: keeps its pods, adopts and releases`, async (t) => {
      const app = kind.toLowerCase();
      const objects = env.client.objects(resource);
      const live = async (): Promise<readonly Pod[]> =>
        (await env.livePods()).filter(({ metadata }) => metadata.labels?.app === app);
      const orphan = await pods.create({
        metadata: { name: `${app}-orphan`, namespace, labels: { app } },
        spec: { containers: [{ name: 'main', image: 'web:1' }] },
      });
      await eventually(
        'it runs',
        () => pods.get({ namespace, name: orphan.metadata.name ?? '' }),
        ({ status }) => status?.phase === 'Running',
      );
      await untilPodsAreSeen(env, app);
      await objects.create({
        metadata: { name: app, namespace },
        spec: { replicas: 3, selector: selectorOf(app), template: template(app) },
      });
      const isComplete = (count: number) => (object: Replicated) =>
        object.status?.availableReplicas === count &&
        object.status.replicas === count &&
        object.status.observedGeneration === object.metadata.generation;
      const get = () => objects.get({ namespace, name: app });
      await eventually('three are available', get, isComplete(3));
      const found = await live();
      t.equal(found.length, 3);
      const adopted = found.find(({ metadata }) => metadata.uid === orphan.metadata.uid);
      t.equal(adopted?.metadata.ownerReferences?.[0]?.kind, kind);
      const [released] = found.filter((pod) => pod !== adopted);
      const name = released?.metadata.name ?? '';
      await pods.patch({ namespace, name }, 'merge', { metadata: { labels: { app: 'free' } } });
      await eventually('another takes its place', live, (all) => all.length === 3);
      const free = await eventually(
        'it is nobody’s',
        () => pods.get({ namespace, name }),
        ({ metadata }) => (metadata.ownerReferences ?? []).length === 0,
      );
      t.equal(free.metadata.deletionTimestamp, undefined);
      await pods.delete({ namespace, name: orphan.metadata.name ?? '' });
      await eventually('three are available again', get, isComplete(3));
      await objects.patch({ namespace, name: app }, 'merge', { spec: { replicas: 1 } });
      await eventually('one is left', get, isComplete(1));
      await comesToRest('it', get);
    });
  }

  await t.test('a failure to make pods is told, and forgotten when it is over', async (t) => {
    const sets = env.client.objects(kinds[0]![1]);
    const bad = template('bad');
    bad.spec!.serviceAccountName = 'missing';
    const spec = { replicas: 2, selector: { matchLabels: { app: 'bad' } }, template: bad };
    await sets.create({ metadata: { name: 'bad', namespace }, spec });
    const get = () => sets.get({ namespace, name: 'bad' });
    const failed = await eventually(
      'it is told',
      get,
      ({ status }) => (status?.conditions ?? []).length > 0,
    );
    const [condition] = failed.status?.conditions ?? [];
    t.match(condition, { type: 'ReplicaFailure', reason: 'FailedCreate' });
    t.match(condition?.message, /serviceaccount "missing" not found/);
    const isTold = (texts: readonly string[]) =>
      texts.some((text) => /^FailedCreate: Error creating: pods "bad-" is forbidden/.test(text));
    await eventually('an event tells it', env.eventTexts, isTold);
    await env.client
      .objects(resources.serviceAccounts)
      .create({ metadata: { name: 'missing', namespace } });
    await eventually(
      'it is over',
      get,
      ({ status }) => status?.availableReplicas === 2 && (status.conditions ?? []).length === 0,
    );
  });
});
