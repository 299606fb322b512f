import type { Test } from 'tap';
import type { Job } from '../../../../src/control/api/gen/batch-v1.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { template } from '../manifests.js';
import type { Place } from '../place.js';
import { isThere, nameOf } from '../pod-views.js';
import type { Scenario } from '../scenario.js';
import { PodWatch } from '../watch-pods.js';

/** What jobs make of pods that fail or are taken away, and CronJobs of time zones. */
export const jobPolicyScenarios: readonly Scenario[] = [
  {
    name: 'job-indexes',
    title: 'each index of a job fails for itself, by its own limit and by a policy',
    run: failsIndexes,
  },
  {
    name: 'job-replacement',
    title: 'a pod that is going is replaced at once, or once it has gone',
    run: replaces,
  },
  { name: 'cron-zone', title: 'a CronJob fires by the clock of its time zone', run: firesInZone },
];

const indexAnnotation = 'batch.kubernetes.io/job-completion-index';
const exitCode = 'simulated.flotilla.dev/exit-code';

function indexOf({ metadata }: Pod): string {
  return metadata?.annotations?.[indexAnnotation] ?? '';
}

async function failsIndexes(t: Test, place: Place): Promise<void> {
  const gate = { name: 'example.com/wait' };
  const job: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'each' },
    spec: {
      ...{ completions: 4, parallelism: 4, completionMode: 'Indexed', backoffLimitPerIndex: 1 },
      podFailurePolicy: {
        rules: [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [42] } }],
      },
      template: template('each', {
        annotations: { 'simulated.flotilla.dev/run-seconds': '0.2' },
        spec: { restartPolicy: 'Never', schedulingGates: [gate] },
      }),
    },
  };
  await place.apply(job);
  // How each pod will end is written on it before it may begin.
  const codes = new Map([
    ['0', '0'],
    ['1', '42'],
    ['2', '3'],
    ['3', '0'],
  ]);
  const begun: string[] = [];
  await place.until('the job is over', async () => {
    for (const pod of await place.pods('job-name=each')) {
      if ((pod.spec?.schedulingGates ?? []).length === 0) continue;
      const code = codes.get(indexOf(pod));
      await place.kubectl(`annotate pod ${nameOf(pod)} ${exitCode}=${code} --overwrite`);
      begun.push(indexOf(pod));
      await place.kubectl(
        `patch pod ${nameOf(pod)} --type=json -p '[{"op":"remove","path":"/spec/schedulingGates"}]'`,
      );
    }
    const { status } = await place.get(resources.jobs, 'each');
    return status?.conditions?.some(({ type, status }) => type === 'Failed' && status === 'True');
  });
  t.same(begun.sort(), ['0', '1', '2', '2', '3'], 'the second try is of what may be tried again');
  const { status } = await place.get(resources.jobs, 'each');
  t.match(status, { succeeded: 2, failed: 3, completedIndexes: '0,3', failedIndexes: '1,2' });
  t.match(
    status?.conditions?.find(({ type }) => type === 'Failed'),
    { reason: 'FailedIndexes', message: 'Job has failed indexes' },
  );
  const described = await place.untilPrinted(
    'describe job each',
    /Warning +FailedIndexes +\S+( \(.*\))? +job-controller +Job has failed indexes/,
  );
  t.match(described, /Completed Indexes: +0,3/);
  const again = (await place.pods('job-name=each')).filter((pod) => indexOf(pod) === '2');
  t.same(
    again
      .map(({ metadata }) => metadata?.annotations?.['batch.kubernetes.io/job-index-failure-count'])
      .sort(),
    ['0', '1'],
  );
}

async function replaces(t: Test, place: Place): Promise<void> {
  const job = (name: string, podReplacementPolicy: string): object => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      podReplacementPolicy,
      template: template(name, {
        annotations: {
          'simulated.flotilla.dev/run-seconds': '600',
          // Longer than the 10 s that a job waits after a failure, which a deletion is.
          'simulated.flotilla.dev/stop-ms': '25000',
        },
        spec: { restartPolicy: 'Never' },
      }),
    },
  });
  await place.apply(job('soon', 'TerminatingOrFailed'), job('late', 'Failed'));
  const pods = await place.untilPods(
    'both run',
    (all) => all.length === 2 && all.every(({ status }) => status?.phase === 'Running'),
  );
  const met = new Map<string, boolean>();
  const told: number[] = [];
  const watch = await PodWatch.start(place, (all) => {
    for (const name of ['soon', 'late']) {
      const own = all.filter(({ metadata }) => metadata?.labels?.['job-name'] === name);
      const going = own.filter(
        ({ metadata, status }) =>
          metadata?.deletionTimestamp !== undefined && status?.phase === 'Running',
      );
      if (going.length > 0 && own.some(isThere)) met.set(name, true);
    }
  });
  await place.kubectl(`delete pod ${pods.map(nameOf).join(' ')} --wait=false`);
  await place.until('the job tells of the pod that is going', async () => {
    const { status } = await place.get(resources.jobs, 'late');
    if (status?.terminating === 1) told.push(status.active ?? 0);
    return told.length > 0;
  });
  await place.untilPods('both are replaced', (all) => {
    const running = all.filter((pod) => isThere(pod) && pod.status?.phase === 'Running');
    return running.length === 2;
  });
  await watch.stop();
  t.same(told, [0]);
  t.same([...met.keys()], ['soon'], 'only one was replaced before it had gone');
}

async function firesInZone(t: Test, place: Place): Promise<void> {
  // Half an hour beside the zones of whole hours.
  const timeZone = 'Asia/Kolkata';
  const dueMs = Math.ceil((Date.now() + 60_000) / 60_000) * 60_000;
  const [hour, minute] = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  })
    .format(dueMs)
    .split(':')
    .map(Number);
  const cronJob = (name: string, zone: string, schedule: string) => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name },
    spec: {
      ...{ schedule, timeZone: zone },
      jobTemplate: {
        spec: { template: template(name, { spec: { restartPolicy: 'Never' } }) },
      },
    },
  });
  const schedule = `${minute} ${hour} * * *`;
  const refused = await place.tryKubectl(
    'create -f -',
    JSON.stringify(cronJob('nowhere', 'Nowhere/Else', schedule)),
  );
  t.equal(refused.code, 1);
  t.match(
    refused.text,
    'spec.timeZone: Invalid value: "Nowhere/Else": unknown time zone Nowhere/Else',
  );
  await place.apply(cronJob('there', timeZone, schedule), cronJob('here', 'Etc/UTC', schedule));
  t.match(
    await place.kubectl('get cronjob there'),
    new RegExp(`there +${schedule.replaceAll('*', '\\*')} +Asia/Kolkata +False`),
  );
  const due = `there-${dueMs / 60_000}`;
  await place.until(`the job ${due}`, async () => {
    return (await place.list(resources.jobs)).some((job) => nameOf(job) === due);
  });
  t.same((await place.list(resources.jobs)).map(nameOf), [due]);
  await place.until('the CronJob tells of it', async () => {
    const { status } = await place.get(resources.cronJobs, 'there');
    return Date.parse(status?.lastScheduleTime ?? '') === dueMs;
  });
  t.match((await place.get(resources.jobs, due)).metadata?.annotations, {
    'batch.kubernetes.io/cronjob-scheduled-timestamp': /\+05:30$/,
  });
}
