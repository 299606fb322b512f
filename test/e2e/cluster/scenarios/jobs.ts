import type { Test } from 'tap';
import type { Job } from '../../../../src/control/api/gen/batch-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { template } from '../manifests.js';
import type { Place } from '../place.js';
import { nameOf } from '../pod-views.js';
import type { Scenario } from '../scenario.js';

/** Jobs and CronJobs. */
export const jobScenarios: readonly Scenario[] = [
  { name: 'job', title: 'jobs complete, by number, by index and by policy', run: complete },
  { name: 'job-failure', title: 'jobs fail by limit and by policy, and say why', run: fail },
  {
    name: 'job-suspend',
    title: 'a suspended job has no pods, goes on, and is cleared away after its time',
    run: suspendAndClear,
  },
  { name: 'cron', title: 'CronJobs fire, by hand too, and keep to their policies', run: fires },
];

function job(
  name: string,
  spec: Partial<Job['spec']> = {},
  options: { readonly exitCode?: number; readonly runSeconds?: number } = {},
) {
  const { exitCode = 0, runSeconds = 1 } = options;
  const annotations = {
    'simulated.flotilla.dev/exit-code': `${exitCode}`,
    'simulated.flotilla.dev/run-seconds': `${runSeconds}`,
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: template(name, { annotations, spec: { restartPolicy: 'Never' } }), ...spec },
  };
}

async function complete(t: Test, place: Place): Promise<void> {
  await place.apply(
    job('count', { completions: 3, parallelism: 2 }),
    job('index', { completions: 3, parallelism: 3, completionMode: 'Indexed' }),
    job('early', {
      ...{ completions: 3, parallelism: 1, completionMode: 'Indexed' },
      successPolicy: { rules: [{ succeededCount: 1 }] },
    }),
  );
  await place.kubectl('wait --for=condition=complete job/count job/index job/early --timeout=180s');
  t.match(await place.kubectl('get job count'), /count +Complete +3\/3/);
  const { status } = await place.get(resources.jobs, 'count');
  t.match(status, { succeeded: 3, uncountedTerminatedPods: {} });
  t.ok(status?.completionTime);
  t.equal((await place.get(resources.jobs, 'index')).status?.completedIndexes, '0-2');
  const indexes = (await place.pods('job-name=index')).map(
    ({ metadata }) => metadata?.annotations?.['batch.kubernetes.io/job-completion-index'],
  );
  t.same([...indexes].sort(), ['0', '1', '2']);
  const early = await place.get(resources.jobs, 'early');
  t.equal(early.status?.succeeded, 1);
  t.match(
    early.status?.conditions?.find(({ type }) => type === 'SuccessCriteriaMet'),
    { status: 'True', reason: 'SuccessPolicy', message: 'Matched rules at index 0' },
  );
  await place.untilPrinted(
    'describe job count',
    /Completed +\S+( \(.*\))? +job-controller +Job completed/,
  );
}

async function fail(t: Test, place: Place): Promise<void> {
  await place.apply(
    job('limit', { backoffLimit: 0 }, { exitCode: 3 }),
    job(
      'policy',
      {
        backoffLimit: 6,
        podFailurePolicy: {
          rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }],
        },
      },
      { exitCode: 42 },
    ),
    job(
      'indexes',
      {
        ...{ completions: 2, parallelism: 2, completionMode: 'Indexed' },
        ...{ backoffLimitPerIndex: 0, maxFailedIndexes: 2 },
      },
      { exitCode: 1 },
    ),
    job('deadline', { activeDeadlineSeconds: 1 }, { runSeconds: 600 }),
  );
  await place.kubectl(
    'wait --for=condition=failed job/limit job/policy job/indexes job/deadline --timeout=180s',
  );
  const cases = [
    ['limit', 'BackoffLimitExceeded', /^Job has reached the specified backoff limit$/],
    [
      'policy',
      'PodFailurePolicy',
      /^Container main for pod job-failure\/policy-\w+ failed with exit code 42 matching FailJob rule at index 0$/,
    ],
    ['indexes', 'FailedIndexes', /^Job has failed indexes$/],
    ['deadline', 'DeadlineExceeded', /^Job was active longer than specified deadline$/],
  ] as const;
  for (const [name, reason, message] of cases) {
    const { status } = await place.get(resources.jobs, name);
    const condition = status?.conditions?.find(({ type }) => type === 'Failed');
    t.match(condition, { status: 'True', reason, message }, name);
  }
  t.equal((await place.get(resources.jobs, 'indexes')).status?.failedIndexes, '0,1');
  t.match(await place.kubectl('get job limit'), /limit +Failed +0\/1/);
  await place.untilPrinted('describe job limit', /Warning +BackoffLimitExceeded/);
}

async function suspendAndClear(t: Test, place: Place): Promise<void> {
  await place.apply(job('later', { suspend: true }));
  await place.kubectl('wait --for=condition=suspended job/later --timeout=180s');
  t.same(await place.pods(), []);
  t.match(await place.kubectl('get job later'), /later +Suspended +0\/1/);
  await place.kubectl(`patch job later -p '{"spec":{"suspend":false}}'`);
  await place.kubectl('wait --for=condition=complete job/later --timeout=180s');
  await place.kubectl(`patch job later -p '{"spec":{"ttlSecondsAfterFinished":1}}'`);
  await place.kubectl('wait --for=delete job/later --timeout=180s');
  await place.untilPods('no pods', (pods) => pods.length === 0);

  await place.apply(job('running', {}, { runSeconds: 600 }));
  await place.untilPods('a running pod', ([pod]) => pod?.status?.phase === 'Running');
  await place.kubectl(`patch job running -p '{"spec":{"suspend":true}}'`);
  await place.untilPods('no pods', (pods) => pods.length === 0);
  const { status } = await place.get(resources.jobs, 'running');
  t.match(status?.conditions, [{ type: 'Suspended', status: 'True', reason: 'JobSuspended' }]);
}

async function fires(t: Test, place: Place): Promise<void> {
  await place.kubectl(`create cronjob nightly --image=busybox --schedule='0 3 * * *'`);
  await place.kubectl('create job once --from=cronjob/nightly');
  await place.kubectl('wait --for=condition=complete job/once --timeout=180s');
  const owners = (await place.get(resources.jobs, 'once')).metadata?.ownerReferences;
  t.match(owners, [{ kind: 'CronJob', name: 'nightly', controller: true }]);

  // Jobs are named by the minute, as in Kubernetes: there is one at once and one in the next minute.
  const often = (name: string, concurrencyPolicy: string, runSeconds: number) => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name },
    spec: {
      ...{ schedule: '@every 2s', concurrencyPolicy, successfulJobsHistoryLimit: 1 },
      jobTemplate: { spec: job(name, {}, { runSeconds }).spec },
    },
  });
  await place.apply(
    often('allow', 'Allow', 600),
    often('forbid', 'Forbid', 600),
    often('replace', 'Replace', 600),
    often('short', 'Allow', 1),
  );
  const jobsOf = async (name: string) =>
    (await place.list(resources.jobs)).filter((each) => nameOf(each).startsWith(`${name}-`));
  await place.until('a job', async () => (await jobsOf('replace')).length === 1);
  const early = nameOf(await place.until('a short job', async () => (await jobsOf('short')).at(0)));
  const replaced = (await jobsOf('replace')).map(nameOf);
  await place.until('two jobs at a time', async () => (await jobsOf('allow')).length >= 2);
  t.equal((await jobsOf('forbid')).length, 1, 'Forbid');
  await place.until('another job in place of the running one', async () => {
    const now = (await jobsOf('replace')).map(nameOf);
    return now.length === 1 && !replaced.includes(now[0] ?? '');
  });
  await place.until('the history of the short one is cut', async () => {
    const names = (await jobsOf('short')).map(nameOf);
    const { status } = await place.get(resources.cronJobs, 'short');
    return status?.lastSuccessfulTime !== undefined && names.length === 1 && names[0] !== early;
  });
  for (const name of ['allow', 'forbid', 'replace', 'short']) {
    await place.kubectl(`patch cronjob ${name} -p '{"spec":{"suspend":true}}'`);
  }
  await place.untilPrinted('get cronjob forbid', /forbid +@every 2s +<none> +True +1/);
  await place.untilPrinted('describe cronjob allow', /SuccessfulCreate +.*Created job allow-\d+/);
}
