import t, { type Test } from 'tap';
import type { Deployment, ReplicaSet } from '../../../../src/control/api/gen/apps-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { deploymentDefinition } from '../../../../src/control/controllers/deployment/definition.js';
import { replicaSetDefinition } from '../../../../src/control/controllers/replica-set/definition.js';
import { comesToRest, eventually } from '../cluster-env.js';
import { template, type WorkloadEnv, workloadEnv } from '../pods/workload-env.js';

function deployment(name: string, spec: Deployment['spec'] = {}): Deployment {
  return {
    metadata: { name, namespace: 'default', annotations: { team: 'blue' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: template(name),
      ...spec,
    },
  };
}

function conditionOf({ status }: Deployment, type: string): string {
  const condition = status?.conditions?.find((each) => each.type === type);
  return `${condition?.status} ${condition?.reason} ${condition?.message}`;
}

function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    status?.updatedReplicas === spec?.replicas &&
    status?.replicas === spec?.replicas &&
    status?.availableReplicas === spec?.replicas
  );
}

t.test('Deployment: against an API server', async (t) => {
  const env = await workloadEnv(t, [deploymentDefinition, replicaSetDefinition]);
  const deployments = env.client.objects(resources.deployments);
  const setsOf = async (name: string): Promise<readonly ReplicaSet[]> => {
    const sets = env.client.objects(resources.replicaSets);
    const { items } = await sets.list({ namespace: 'default', labelSelector: `app=${name}` });
    return items;
  };
  const rolledOut = (name: string) =>
    eventually(
      `${name} is rolled out`,
      () => deployments.get({ namespace: 'default', name }),
      isRolledOut,
    );
  const patch = (name: string, content: { spec: object }) =>
    deployments.patch({ namespace: 'default', name }, 'strategic', content as never);
  const image = (text: string) => ({
    spec: { template: { spec: { containers: [{ name: 'main', image: text }] } } },
  });

  await t.test('its pods come, and its status and events tell of it', async (t) => {
    await deployments.create(deployment('web'));
    const web = await rolledOut('web');
    const [set] = await setsOf('web');
    const name = set?.metadata.name ?? '';
    t.match(name, /^web-[bcdf-hj-np-tv-xz2456789]{1,10}$/);
    t.equal(set?.metadata.labels?.['pod-template-hash'], name.slice('web-'.length));
    t.match(set?.metadata.annotations, {
      team: 'blue',
      'deployment.kubernetes.io/revision': '1',
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
    });
    t.equal(web.metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
    t.equal(
      conditionOf(web, 'Progressing'),
      `True NewReplicaSetAvailable ReplicaSet "${name}" has successfully progressed.`,
    );
    t.equal(
      conditionOf(web, 'Available'),
      'True MinimumReplicasAvailable Deployment has minimum availability.',
    );
    t.equal(web.status?.terminatingReplicas ?? 0, 0);
    const scaled = `ScalingReplicaSet: Scaled up replica set ${name} from 0 to 3`;
    const isMade = (text: string) => text.startsWith('SuccessfulCreate: Created pod: ');
    await eventually(
      'events',
      env.eventTexts,
      (texts) => texts.includes(scaled) && texts.filter(isMade).length === 3,
    );
  });

  await t.test(
    'a new template replaces the pods; the former one can be gone back to',
    async (t) => {
      await patch('web', image('web:2'));
      await rolledOut('web');
      const revisions = async () =>
        (await setsOf('web'))
          .map(({ metadata, spec }) => ({
            revision: metadata.annotations?.['deployment.kubernetes.io/revision'],
            history: metadata.annotations?.['deployment.kubernetes.io/revision-history'],
            replicas: spec?.replicas,
            image: spec?.template?.spec?.containers?.[0]?.image,
          }))
          .sort((a, b) => Number(a.revision) - Number(b.revision));
      t.strictSame(await revisions(), [
        { revision: '1', history: undefined, replicas: 0, image: 'web:1' },
        { revision: '2', history: undefined, replicas: 3, image: 'web:2' },
      ]);
      await patch('web', image('web:1'));
      await rolledOut('web');
      t.strictSame(await revisions(), [
        { revision: '2', history: undefined, replicas: 0, image: 'web:2' },
        { revision: '3', history: '1', replicas: 3, image: 'web:1' },
      ]);
    },
  );

  await t.test('it is scaled, paused and resumed', async (t) => {
    await patch('web', { spec: { replicas: 5 } });
    await rolledOut('web');
    await patch('web', { spec: { paused: true } });
    const get = () => deployments.get({ namespace: 'default', name: 'web' });
    const paused = await eventually(
      'it is paused',
      get,
      (web) => conditionOf(web, 'Progressing') === 'Unknown DeploymentPaused Deployment is paused',
    );
    t.ok(paused);
    await patch('web', image('web:3'));
    await patch('web', { spec: { replicas: 2 } });
    await eventually('it shrinks', env.livePods, (pods) => pods.length === 2);
    t.equal((await setsOf('web')).length, 2, 'no ReplicaSet is made in a pause');
    await patch('web', { spec: { paused: false } });
    await rolledOut('web');
    t.equal((await setsOf('web')).length, 3);
  });

  await t.test('old ReplicaSets go beyond the limit of the history', async (t) => {
    await patch('web', { spec: { revisionHistoryLimit: 1 } });
    await eventually(
      'one goes',
      () => setsOf('web'),
      (sets) => sets.length === 2,
    );
    t.pass();
  });

  await t.test('Recreate: no pod of two templates at a time', (t) => recreates(t, env));

  await t.test('a quiet Deployment causes no writes', async (t) => {
    await rolledOut('web');
    await comesToRest('it', () => deployments.get({ namespace: 'default', name: 'web' }));
    const sets = env.client.objects(resources.replicaSets);
    for (const { metadata } of await setsOf('web')) {
      const name = metadata.name ?? '';
      await comesToRest(name, () => sets.get({ namespace: 'default', name }));
    }
    t.pass();
  });
});

async function recreates(t: Test, env: WorkloadEnv): Promise<void> {
  const deployments = env.client.objects(resources.deployments);
  await deployments.create(deployment('db', { replicas: 2, strategy: { type: 'Recreate' } }));
  const get = () => deployments.get({ namespace: 'default', name: 'db' });
  await eventually('it is rolled out', get, isRolledOut);
  const pods = env.client.objects(resources.pods);
  const stop = new AbortController();
  const seen = new Map<string, string>();
  let most = 0;
  const watching = (async () => {
    const watch = pods.watch({
      ...{ namespace: 'default', labelSelector: 'app=db', signal: stop.signal },
    });
    for await (const { type, object } of watch) {
      if (type === 'DELETED') seen.delete(object.metadata.name ?? '');
      else seen.set(object.metadata.name ?? '', object.spec?.containers?.[0]?.image ?? '');
      most = Math.max(most, new Set(seen.values()).size);
    }
  })().catch(() => {});
  await eventually(
    'the watch is there',
    () => seen.size,
    (count) => count === 2,
  );
  await deployments.patch({ namespace: 'default', name: 'db' }, 'strategic', {
    spec: { template: { spec: { containers: [{ name: 'main', image: 'db:2' }] } } },
  });
  await eventually('it is rolled out again', get, isRolledOut);
  await eventually(
    'the watch has seen it',
    () => [...seen.values()],
    (images) => images.join() === 'db:2,db:2',
  );
  stop.abort();
  await watching;
  t.equal(most, 1, 'one image at a time');
}
