import t from 'tap';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import type { Job } from '../../../../src/control/api/gen/batch-v1.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { type ControlClient, resources } from '../../../../src/control/client/index.js';
import { jobDefinition } from '../../../../src/control/controllers/job/definition.js';
import { eventually, setPhase, startControllers } from '../batch-env.js';

const namespace = 'default';

function job(name: string, spec: NonNullable<Job['spec']>): Job {
  return {
    metadata: { name, namespace },
    spec: {
      ...spec,
      template: {
        ...spec.template,
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'main', image: 'busybox' }],
          ...spec.template?.spec,
        },
      },
    },
  };
}

async function podsOf(client: ControlClient, name: string): Promise<readonly Pod[]> {
  const list = await client
    .objects(resources.pods)
    .list({ namespace, labelSelector: `job-name=${name}` });
  return list.items;
}

const isActive = ({ metadata, status }: Pod) =>
  metadata.deletionTimestamp === undefined &&
  status?.phase !== 'Succeeded' &&
  status?.phase !== 'Failed';

const holds = (type: string) => (one: Job) =>
  one.status?.conditions?.some(
    (condition) => condition.type === type && condition.status === 'True',
  ) ?? false;

t.test('JobController runs jobs to their ends against the real server', async (t) => {
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const { client } = env;
  const controllers = startControllers(client, [jobDefinition]);
  t.teardown(() => controllers.stop());
  const jobs = client.objects(resources.jobs);
  const get = (name: string) => jobs.get({ namespace, name });
  const withActive = (name: string, count: number) =>
    eventually(
      t,
      `${count} active pods of ${name}`,
      async () => (await podsOf(client, name)).filter(isActive),
      (pods) => pods.length === count,
    );

  t.test('completions and parallelism', async (t) => {
    await jobs.create(job('plain', { completions: 3, parallelism: 2 }));
    for (const pod of await withActive('plain', 2)) await setPhase(client, pod, 'Running');
    const running = await eventually(
      t,
      'ready',
      () => get('plain'),
      ({ status }) => status?.ready === 2,
    );
    t.match(running.status, { active: 2, ready: 2, terminating: 0 });
    const [first, second] = await withActive('plain', 2);
    await setPhase(client, first as Pod, 'Succeeded');
    await setPhase(client, second as Pod, 'Succeeded');
    const [third] = await withActive('plain', 1);
    await setPhase(client, third as Pod, 'Succeeded');
    const done = await eventually(t, 'complete', () => get('plain'), holds('Complete'));
    t.match(done.status, { succeeded: 3, uncountedTerminatedPods: {} });
    t.type(done.status?.completionTime, 'string');
    t.same(
      done.status?.conditions?.map(({ type, reason, message }) => [type, reason, message]),
      [
        ['SuccessCriteriaMet', 'CompletionsReached', 'Reached expected number of succeeded pods'],
        ['Complete', 'CompletionsReached', 'Reached expected number of succeeded pods'],
      ],
    );
    const pods = await podsOf(client, 'plain');
    t.equal(pods.length, 3);
    t.ok(pods.every(({ metadata }) => (metadata.finalizers ?? []).length === 0));
  });

  t.test('indexes', async (t) => {
    await jobs.create(
      job('indexed', { completions: 3, parallelism: 3, completionMode: 'Indexed' }),
    );
    const pods = await withActive('indexed', 3);
    for (const pod of pods) {
      const index = pod.metadata.labels?.['batch.kubernetes.io/job-completion-index'];
      t.match(pod.metadata.name, new RegExp(`^indexed-${index}-[a-z0-9]{5}$`));
      t.equal(pod.spec?.hostname, `indexed-${index}`);
      t.equal(pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'], index);
      t.equal(pod.spec?.containers?.[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX');
      if (index !== '1') await setPhase(client, pod, 'Succeeded');
    }
    await eventually(
      t,
      'completed indexes',
      () => get('indexed'),
      ({ status }) => status?.completedIndexes === '0,2',
    );
    const [left] = await withActive('indexed', 1);
    await setPhase(client, left as Pod, 'Succeeded');
    const done = await eventually(t, 'complete', () => get('indexed'), holds('Complete'));
    t.match(done.status, { succeeded: 3, completedIndexes: '0-2' });
  });

  t.test('a failure beyond the limit', async (t) => {
    await jobs.create(job('failing', { backoffLimit: 0, parallelism: 2, completions: 2 }));
    const [pod] = await withActive('failing', 2);
    await setPhase(client, pod as Pod, 'Failed');
    const failed = await eventually(t, 'failed', () => get('failing'), holds('Failed'));
    t.same(
      failed.status?.conditions?.map(({ type, reason, message }) => [type, reason, message]),
      [
        ['FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
        ['Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
      ],
    );
    t.equal(failed.status?.failed, 2);
    t.equal(failed.status?.active ?? 0, 0);
    await eventually(
      t,
      'pods stopped',
      () => podsOf(client, 'failing'),
      (pods) => pods.length === 1,
    );
  });

  t.test('suspend and resume', async (t) => {
    await jobs.create(job('paused', { suspend: true, parallelism: 2, completions: 2 }));
    const suspended = await eventually(t, 'suspended', () => get('paused'), holds('Suspended'));
    t.equal(suspended.status?.startTime, undefined);
    t.equal((await podsOf(client, 'paused')).length, 0);
    const name = { namespace, name: 'paused' };
    await jobs.patch(name, 'merge', { spec: { suspend: false } });
    await withActive('paused', 2);
    await jobs.patch(name, 'merge', { spec: { suspend: true } });
    await eventually(
      t,
      'no pods',
      () => podsOf(client, 'paused'),
      (pods) => pods.length === 0,
    );
    const again = await eventually(t, 'suspended again', () => get('paused'), holds('Suspended'));
    t.equal(again.status?.failed ?? 0, 0);
  });

  t.test('a deleted job leaves no pod behind that has its finalizer', async (t) => {
    await jobs.create(job('gone', { parallelism: 2, completions: 2 }));
    await withActive('gone', 2);
    await jobs.delete({ namespace, name: 'gone' }, { propagationPolicy: 'Background' });
    await eventually(
      t,
      'no pods',
      () => podsOf(client, 'gone'),
      (pods) => pods.length === 0,
    );
  });

  t.test('jobs of other managers are left alone', async (t) => {
    await jobs.create(job('foreign', { managedBy: 'example.com/other' }));
    await jobs.create(job('own', {}));
    await withActive('own', 1);
    t.equal((await podsOf(client, 'foreign')).length, 0);
    t.notOk((await get('foreign')).status?.startTime);
  });
});
