import t from 'tap';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import { hasCondition } from '../../../../src/control/api/batch-v1/job-conditions.js';
import { resources } from '../../../../src/control/client/index.js';
import { cronJobDefinition } from '../../../../src/control/controllers/cron-job/definition.js';
import { jobDefinition } from '../../../../src/control/controllers/job/definition.js';
import { eventually, setPhase, startControllers } from '../batch-env.js';

const namespace = 'default';

t.test('CronJobController starts jobs on time and keeps as many as it shall', async (t) => {
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const { client } = env;
  // A clock that is two minutes ahead: a minute has come that the CronJob was made before, and it comes once.
  const controllers = startControllers(
    client,
    [cronJobDefinition, jobDefinition],
    new Map(),
    120_000,
  );
  t.teardown(() => controllers.stop());
  const cronJobs = client.objects(resources.cronJobs);
  const jobs = client.objects(resources.jobs);
  const due = new Date(Math.ceil((Date.now() + 30_000) / 60_000) * 60_000);
  const listJobs = async () => (await jobs.list({ namespace })).items;
  await cronJobs.create({
    metadata: { name: 'tick', namespace },
    spec: {
      schedule: `${due.getUTCMinutes()} ${due.getUTCHours()} * * *`,
      timeZone: 'Etc/UTC',
      successfulJobsHistoryLimit: 0,
      jobTemplate: {
        spec: {
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b' }] } },
        },
      },
    },
  });
  const get = () => cronJobs.get({ namespace, name: 'tick' });
  const started = await eventually(t, 'a start', get, ({ status }) => status?.active?.length === 1);
  const [made] = await listJobs();
  t.equal(started.status?.active?.[0]?.uid, made?.metadata.uid);
  t.match(made?.metadata.name, /^tick-\d+$/);
  t.equal(
    started.status?.lastScheduleTime,
    made?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'],
  );
  const [pod] = await eventually(
    t,
    'its pod',
    async () => (await client.objects(resources.pods).list({ namespace })).items,
    (pods) => pods.length === 1,
  );
  t.ok(pod);
  if (pod !== undefined) await setPhase(client, pod, 'Succeeded');
  const done = await eventually(
    t,
    'the success',
    get,
    ({ status }) => status?.lastSuccessfulTime !== undefined,
  );
  t.same(done.status?.active ?? [], []);
  await eventually(
    t,
    'history emptied',
    listJobs,
    (items) => !items.some((job) => hasCondition(job, 'Complete')),
  );
  const wanted = [
    `SuccessfulCreate: Created job ${made?.metadata.name}`,
    `SawCompletedJob: Saw completed job: ${made?.metadata.name}, condition: Complete`,
    `SuccessfulDelete: Deleted job ${made?.metadata.name}`,
  ];
  await eventually(
    t,
    'events',
    async () =>
      (await client.objects(resources.events).list({ namespace })).items.map(
        ({ reason, note }) => `${reason}: ${note}`,
      ),
    (texts) => wanted.every((text) => texts.includes(text)),
  );
});
