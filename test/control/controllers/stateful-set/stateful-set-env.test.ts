import t from 'tap';
import type { StatefulSet } from '../../../../src/control/api/gen/apps-v1.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { statefulSetDefinition } from '../../../../src/control/controllers/stateful-set/definition.js';
import { comesToRest, eventually } from '../cluster-env.js';
import { template, workloadEnv } from '../pods/workload-env.js';

const namespace = 'default';

function statefulSet(name: string, spec: StatefulSet['spec'] = {}): StatefulSet {
  return {
    metadata: { name, namespace },
    spec: {
      replicas: 3,
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: template(name),
      ...spec,
    },
  };
}

function isRolledOut({ metadata, spec, status }: StatefulSet): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    status?.updatedReplicas === spec?.replicas &&
    status?.currentRevision === status?.updateRevision &&
    status?.replicas === spec?.replicas &&
    status?.availableReplicas === spec?.replicas
  );
}

t.test('StatefulSet: against an API server', async (t) => {
  const env = await workloadEnv(t, [statefulSetDefinition]);
  const sets = env.client.objects(resources.statefulSets);
  const get = (name: string) => () => sets.get({ namespace, name });
  const rolledOut = (name: string) => eventually(`${name} is rolled out`, get(name), isRolledOut);
  const patch = (name: string, spec: object) =>
    sets.patch({ namespace, name }, 'strategic', { spec } as never);
  const image = (text: string) => ({
    template: { spec: { containers: [{ name: 'main', image: text }] } },
  });
  const podsOf = async (name: string): Promise<readonly Pod[]> =>
    (await env.livePods())
      .filter(({ metadata }) => metadata.labels?.app === name)
      .sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1));
  const images = async (name: string) =>
    (await podsOf(name)).map((pod) => pod.spec?.containers?.[0]?.image);

  await t.test('its pods come one after the other, with names, labels and claims', async (t) => {
    await sets.create(
      statefulSet('db', {
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: '1Gi' } },
            },
          },
        ],
      }),
    );
    const db = await rolledOut('db');
    const pods = await podsOf('db');
    t.strictSame(
      pods.map(({ metadata, spec }) => [
        metadata.name,
        metadata.labels?.['statefulset.kubernetes.io/pod-name'],
        metadata.labels?.['apps.kubernetes.io/pod-index'],
        spec?.hostname,
        spec?.subdomain,
        spec?.volumes?.[0]?.persistentVolumeClaim?.claimName,
      ]),
      [0, 1, 2].map((at) => [
        ...[`db-${at}`, `db-${at}`, String(at), `db-${at}`, 'db', `data-db-${at}`],
      ]),
    );
    t.equal(pods[0]?.metadata.labels?.['controller-revision-hash'], db.status?.updateRevision);
    const times = pods.map(({ metadata }) => Number(metadata.resourceVersion));
    t.ok(times.length === 3);
    const claims = await env.client.objects(resources.persistentVolumeClaims).list({ namespace });
    t.strictSame(
      claims.items.map(({ metadata }) => [
        metadata.name,
        metadata.labels,
        metadata.ownerReferences,
      ]),
      [0, 1, 2].map((at) => [`data-db-${at}`, { app: 'db' }, undefined]),
    );
    const wanted = [
      'SuccessfulCreate: create Pod db-2 in StatefulSet db successful',
      'SuccessfulCreate: create Claim data-db-2 Pod db-2 in StatefulSet db success',
    ];
    await eventually('events', env.eventTexts, (texts) =>
      wanted.every((text) => texts.includes(text)),
    );
  });

  await t.test(
    'a partition keeps pods below it; the rest of an update comes when it moves',
    async (t) => {
      await patch('db', {
        updateStrategy: { rollingUpdate: { partition: 2 } },
        ...image('db:2'),
      });
      await eventually('one has it', get('db'), ({ status, metadata }) => {
        const isSeen = status?.observedGeneration === metadata.generation;
        return isSeen && status?.updatedReplicas === 1 && status.availableReplicas === 3;
      });
      t.strictSame(await images('db'), ['web:1', 'web:1', 'db:2']);
      await patch('db', { updateStrategy: { rollingUpdate: { partition: 0 } } });
      await rolledOut('db');
      t.strictSame(await images('db'), ['db:2', 'db:2', 'db:2']);
    },
  );

  await t.test('the history brings a former template back', async (t) => {
    const revisions = env.client.objects(resources.controllerRevisions);
    const { items } = await revisions.list({ namespace, labelSelector: 'app=db' });
    const first = items.find(({ revision }) => revision === 1);
    t.equal(items.length, 2);
    await sets.patch({ namespace, name: 'db' }, 'strategic', first?.data as never);
    const db = await rolledOut('db');
    t.equal(db.status?.updateRevision, first?.metadata.name);
    t.strictSame(await images('db'), ['web:1', 'web:1', 'web:1']);
    const after = await revisions.list({ namespace, labelSelector: 'app=db' });
    t.strictSame(after.items.map(({ revision }) => revision).sort(), [2, 3]);
  });

  await t.test('pods go from the highest on, and their claims as the policy says', async (t) => {
    await patch('db', {
      replicas: 1,
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Delete' },
    });
    await rolledOut('db');
    t.strictSame(
      (await podsOf('db')).map(({ metadata }) => metadata.name),
      ['db-0'],
    );
    const claims = await env.client.objects(resources.persistentVolumeClaims).list({ namespace });
    const owners = claims.items.map(({ metadata }) => [
      metadata.name,
      metadata.ownerReferences?.map(({ kind, name }) => `${kind}/${name}`),
    ]);
    t.strictSame(owners, [
      ['data-db-0', ['StatefulSet/db']],
      ['data-db-1', ['Pod/db-1']],
      ['data-db-2', ['Pod/db-2']],
    ]);
  });

  await t.test('Parallel, with ordinals from 5: a pod that has failed comes again', async (t) => {
    await sets.create(
      statefulSet('par', { podManagementPolicy: 'Parallel', ordinals: { start: 5 } }),
    );
    await rolledOut('par');
    const names = async () => (await podsOf('par')).map(({ metadata }) => metadata.name);
    t.strictSame(await names(), ['par-5', 'par-6', 'par-7']);
    const [pod] = await podsOf('par');
    await env.client
      .objects(resources.pods)
      .patch({ namespace, name: 'par-5' }, 'merge', { status: { phase: 'Failed' } } as never, {
        subresource: 'status',
      });
    await eventually(
      'another par-5',
      () => podsOf('par'),
      (pods) => pods.length === 3 && pods[0]?.metadata.uid !== pod?.metadata.uid,
    );
    await rolledOut('par');
  });

  await t.test('a quiet StatefulSet causes no writes', async (t) => {
    await rolledOut('par');
    await comesToRest('the set', get('par'));
    t.pass();
  });
});
