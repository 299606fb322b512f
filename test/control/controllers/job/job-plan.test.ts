import t from 'tap';
import type { Job, JobSpec } from '../../../../src/control/api/gen/batch-v1.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import type { JobState } from '../../../../src/control/controllers/job/observe.js';
import { planJob } from '../../../../src/control/controllers/job/plan.js';
import { settleJob, trackJob } from '../../../../src/control/controllers/job/track.js';
import { at, jobOf, nowMs, podOf, stateOf } from './job-fixtures.js';

/** What a plan does, in a few words. */
function actionText(state: JobState): string {
  const { action } = planJob(state);
  switch (action.kind) {
    case 'none':
      return 'none';
    case 'wait':
      return `wait ${action.delayMs / 1000} s`;
    case 'create':
      return `create ${action.pods.map(({ index }) => index ?? '*').join(' ')}`;
    default:
      return `${action.kind} ${action.pods.map(({ metadata }) => metadata.name).join(' ')}`;
  }
}

const indexed = (spec: JobSpec = {}): JobSpec => ({
  completionMode: 'Indexed',
  completions: 4,
  parallelism: 2,
  ...spec,
});
const perIndex = (spec: JobSpec = {}): JobSpec =>
  indexed({ backoffLimit: 2 ** 31 - 1, backoffLimitPerIndex: 1, ...spec });
const failedAt = (seconds: number, more: Parameters<typeof podOf>[0] = {}) =>
  podOf({ phase: 'Failed', exitCode: 1, endedAt: at(seconds), ...more });
const failures = (count: number) => ({
  'batch.kubernetes.io/job-index-failure-count': String(count),
});

const actions: readonly (readonly [
  name: string,
  job: Job,
  pods: readonly Pod[],
  action: string,
  more?: Partial<JobState>,
])[] = [
  ['one pod at first', jobOf(), [], 'create *'],
  ['as many as run at once', jobOf({ parallelism: 3, completions: 5 }), [], 'create * * *'],
  [
    'no more than are wanted',
    jobOf({ parallelism: 3, completions: 5 }, { succeeded: 3 }),
    [podOf()],
    'create *',
  ],
  ['enough', jobOf({ parallelism: 2, completions: 5 }), [podOf(), podOf()], 'none'],
  ['not before what was done is seen', jobOf({ parallelism: 2 }), [], 'none', { isSettled: false }],
  [
    'too many: the one that is least far',
    jobOf({ parallelism: 1, completions: 5 }),
    [podOf({ uid: 'far', nodeName: 'n' }), podOf({ uid: 'near', phase: 'Pending' })],
    'remove near',
  ],
  [
    'too many: the one that is not ready',
    jobOf({ parallelism: 1, completions: 5 }),
    [podOf({ uid: 'a', isReady: true }), podOf({ uid: 'b' })],
    'remove b',
  ],
  [
    'too many: the one that restarts',
    jobOf({ parallelism: 1, completions: 5 }),
    [podOf({ uid: 'a' }), podOf({ uid: 'b', restarts: 3 })],
    'remove b',
  ],
  ['suspended', jobOf({ suspend: true }), [podOf({ uid: 'a' })], 'remove a'],
  [
    'nobody is added after a success without completions',
    jobOf({ parallelism: 3 }),
    [podOf({ phase: 'Succeeded' }), podOf()],
    'none',
  ],
  ['after a failure: a pause', jobOf({ completions: 1 }), [failedAt(-4)], 'wait 6 s'],
  ['after a failure: over', jobOf({ completions: 1 }), [failedAt(-10)], 'create *'],
  [
    'after more failures: longer',
    jobOf({ completions: 1 }),
    [failedAt(-4)],
    'wait 36 s',
    { run: { failures: 2, lastMs: nowMs - 30_000 } },
  ],
  [
    'after many failures: 10 minutes',
    jobOf({ completions: 1, backoffLimit: 99 }),
    [],
    'wait 570 s',
    { run: { failures: 20, lastMs: nowMs - 30_000 } },
  ],
  [
    'a success in between: none',
    jobOf({ completions: 3, parallelism: 1 }),
    [failedAt(-8), podOf({ phase: 'Succeeded', exitCode: 0, endedAt: at(-2) })],
    'create *',
  ],
  [
    'a deleted pod counts as a failure',
    jobOf({ completions: 1 }),
    [podOf({ isDeleted: true })],
    'wait 10 s',
  ],
  [
    'a deleted pod is not replaced before it has ended',
    jobOf({ completions: 1, podReplacementPolicy: 'Failed' }),
    [podOf({ isDeleted: true })],
    'none',
  ],
  ['indexes', jobOf(indexed()), [], 'create 0 1'],
  [
    'the lowest index that is left',
    jobOf(indexed(), { completedIndexes: '0,2' }),
    [podOf({ index: 3 })],
    'create 1',
  ],
  [
    'an index twice',
    jobOf(indexed()),
    [podOf({ uid: 'a', index: 0 }), podOf({ uid: 'b', index: 0, isReady: true })],
    'remove a',
  ],
  [
    'an index that the job has not',
    jobOf(indexed()),
    [podOf({ uid: 'a', index: 7 }), podOf({ index: 0 })],
    'remove a',
  ],
  ['no index', jobOf(indexed()), [podOf({ uid: 'a' })], 'remove a'],
  [
    'a failed index alone waits',
    jobOf(perIndex()),
    [failedAt(-4, { index: 0 }), podOf({ index: 1 })],
    'wait 6 s',
  ],
  [
    'a failed index waits, another does not',
    jobOf(perIndex({ parallelism: 3 })),
    [failedAt(-4, { index: 0 }), podOf({ index: 1 })],
    'create 2',
  ],
  [
    'an index that failed for good is not tried again',
    jobOf(perIndex({ parallelism: 4 })),
    [failedAt(-99, { index: 0, annotations: failures(1) })],
    'create 1 2 3',
  ],
  [
    'the job is too often failed',
    jobOf({ backoffLimit: 1, completions: 3, parallelism: 2 }, { failed: 1 }),
    [failedAt(-4), podOf({ uid: 'a' })],
    'stop a',
  ],
];

for (const [name, job, pods, action, more] of actions) {
  t.test(`planJob: ${name}`, async (t) => {
    t.equal(actionText(stateOf(job, pods, more)), action);
  });
}

t.test('planJob: the next pod of an index takes over its count of failures', async (t) => {
  const created = (job: Job, pod: Pod) => {
    const { action } = planJob(stateOf(job, [pod, podOf({ index: 1 })]));
    return action.kind === 'create' ? action.pods[0] : action.kind;
  };
  const spec = perIndex({ backoffLimitPerIndex: 9 });
  t.same(created(jobOf(spec), failedAt(-600, { index: 0, annotations: failures(2) })), {
    index: 0,
    failures: { counted: 3, ignored: 0 },
  });
  const ignoring = { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }] };
  t.same(
    created(
      jobOf({ ...spec, podFailurePolicy: ignoring }),
      failedAt(-600, { index: 0, annotations: failures(2) }),
    ),
    { index: 0, failures: { counted: 2, ignored: 1 } },
  );
});

const rule = (action: string, values: number[], operator = 'In', containerName?: string) => ({
  action,
  onExitCodes: { operator, values, ...(containerName === undefined ? {} : { containerName }) },
});
const disruption = {
  action: 'FailJob',
  onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }],
};
const disrupted = podOf({
  uid: 'p',
  phase: 'Failed',
  conditions: [{ type: 'DisruptionTarget', status: 'True' }],
});

/** Type, reason and message; null while the job goes on. */
const finishes: readonly (readonly [
  name: string,
  job: Job,
  pods: readonly Pod[],
  finish: readonly [string, string, string] | null,
])[] = [
  [
    'fewer failures than the limit',
    jobOf({ backoffLimit: 2 }, { failed: 1 }),
    [failedAt(-4)],
    null,
  ],
  [
    'more failures than the limit',
    jobOf({ backoffLimit: 1 }, { failed: 1 }),
    [failedAt(-4)],
    ['FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
  ],
  [
    'failures that the status names',
    jobOf({ backoffLimit: 0 }, { uncountedTerminatedPods: { failed: ['x'] } }),
    [],
    ['FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
  ],
  [
    'restarts in place',
    jobOf({ backoffLimit: 3, template: { spec: { restartPolicy: 'OnFailure', containers: [] } } }),
    [podOf({ restarts: 3 })],
    ['FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit'],
  ],
  [
    'restarts where pods are not restarted',
    jobOf({ backoffLimit: 3 }),
    [podOf({ restarts: 9 })],
    null,
  ],
  ['within the deadline', jobOf({ activeDeadlineSeconds: 60 }, { startTime: at(-59) }), [], null],
  [
    'past the deadline',
    jobOf({ activeDeadlineSeconds: 60 }, { startTime: at(-60) }),
    [],
    ['FailureTarget', 'DeadlineExceeded', 'Job was active longer than specified deadline'],
  ],
  [
    'past the deadline, but suspended',
    jobOf({ activeDeadlineSeconds: 60, suspend: true }, { startTime: at(-60) }),
    [],
    null,
  ],
  [
    'an exit code that fails the job',
    jobOf({ podFailurePolicy: { rules: [rule('FailJob', [42])] } }),
    [failedAt(-4, { uid: 'p', exitCode: 42 })],
    [
      'FailureTarget',
      'PodFailurePolicy',
      'Container main for pod default/p failed with exit code 42 matching FailJob rule at index 0',
    ],
  ],
  [
    'another exit code',
    jobOf({ podFailurePolicy: { rules: [rule('FailJob', [42])] } }),
    [failedAt(-4)],
    null,
  ],
  [
    'the exit code of another container',
    jobOf({ podFailurePolicy: { rules: [rule('FailJob', [42], 'In', 'other')] } }),
    [failedAt(-4, { exitCode: 42 })],
    null,
  ],
  [
    'any exit code but',
    jobOf({ podFailurePolicy: { rules: [rule('FailJob', [1], 'NotIn')] } }),
    [failedAt(-4, { uid: 'p', exitCode: 3 })],
    [
      'FailureTarget',
      'PodFailurePolicy',
      'Container main for pod default/p failed with exit code 3 matching FailJob rule at index 0',
    ],
  ],
  [
    'the first rule decides',
    jobOf({ podFailurePolicy: { rules: [rule('Count', [42]), rule('FailJob', [42])] } }),
    [failedAt(-4, { exitCode: 42 })],
    null,
  ],
  [
    'a condition that fails the job',
    jobOf({ podFailurePolicy: { rules: [disruption] } }),
    [disrupted],
    [
      'FailureTarget',
      'PodFailurePolicy',
      'Pod default/p has condition DisruptionTarget matching FailJob rule at index 0',
    ],
  ],
  [
    'failures that are ignored',
    jobOf({ backoffLimit: 0, podFailurePolicy: { rules: [rule('Ignore', [1])] } }),
    [failedAt(-4)],
    null,
  ],
  [
    'too many failed indexes',
    jobOf(perIndex({ maxFailedIndexes: 1 }), { failedIndexes: '0,1' }),
    [],
    [
      'FailureTarget',
      'MaxFailedIndexesExceeded',
      'Job has exceeded the specified maximal number of failed indexes',
    ],
  ],
  [
    'all indexes done, some failed',
    jobOf(perIndex(), { completedIndexes: '0-2', failedIndexes: '3' }),
    [],
    ['FailureTarget', 'FailedIndexes', 'Job has failed indexes'],
  ],
  [
    'an exit code that fails the index',
    jobOf(perIndex({ podFailurePolicy: { rules: [rule('FailIndex', [42])] } }), {
      completedIndexes: '1-3',
    }),
    [failedAt(-4, { index: 0, exitCode: 42 })],
    ['FailureTarget', 'FailedIndexes', 'Job has failed indexes'],
  ],
  [
    'enough successes',
    jobOf(indexed({ successPolicy: { rules: [{ succeededCount: 2 }] } }), {
      completedIndexes: '0,3',
    }),
    [],
    ['SuccessCriteriaMet', 'SuccessPolicy', 'Matched rules at index 0'],
  ],
  [
    'the successes that matter',
    jobOf(
      indexed({
        successPolicy: {
          rules: [{ succeededIndexes: '0-1' }, { succeededIndexes: '2-3', succeededCount: 1 }],
        },
      }),
      { completedIndexes: '0,3' },
    ),
    [],
    ['SuccessCriteriaMet', 'SuccessPolicy', 'Matched rules at index 1'],
  ],
  [
    'others',
    jobOf(indexed({ successPolicy: { rules: [{ succeededIndexes: '0-1' }] } }), {
      completedIndexes: '0,3',
    }),
    [],
    null,
  ],
  [
    'a failure that was announced',
    jobOf(
      {},
      { conditions: [{ type: 'FailureTarget', status: 'True', reason: 'R', message: 'M' }] },
    ),
    [],
    ['Failed', 'R', 'M'],
  ],
];

for (const [name, job, pods, finish] of finishes) {
  t.test(`planJob: how a job ends: ${name}`, async (t) => {
    const found = planJob(stateOf(job, pods)).finish;
    t.same(found && [found.type, found.reason, found.message], finish);
  });
}

const done = { created: 0, deleted: new Set<string>() };

t.test(
  'trackJob and settleJob: a pod is named, loses its finalizer, and is a number',
  async (t) => {
    const pod = podOf({ uid: 'x', phase: 'Succeeded' });
    const state = stateOf(jobOf({ completions: 2 }, { startTime: at(-9), succeeded: 1 }), [pod]);
    const tracking = trackJob(planJob(state), done);
    t.same(tracking.untrack, [pod]);
    t.match(tracking.status, { succeeded: 1, uncountedTerminatedPods: { succeeded: ['x'] } });
    const failed = settleJob(tracking, new Set(), state);
    t.match(failed.status, { succeeded: 1, uncountedTerminatedPods: { succeeded: ['x'] } });
    t.same(failed.events, []);
    const settled = settleJob(tracking, new Set(['x']), state);
    t.match(settled.status, {
      succeeded: 2,
      uncountedTerminatedPods: { succeeded: [] },
      completionTime: at(0),
    });
    t.same(
      settled.events.map(({ reason }) => reason),
      ['Completed'],
    );
  },
);

t.test('trackJob: pods whose finalizer is gone already are not counted again', async (t) => {
  const pod = podOf({ uid: 'x', phase: 'Succeeded' });
  const job = jobOf({ completions: 3 }, { startTime: at(-9), succeeded: 1 });
  const tracking = trackJob(planJob(stateOf(job, [pod], { untracked: new Set(['x']) })), done);
  t.same(tracking.untrack, []);
  t.match(tracking.status, { succeeded: 1, uncountedTerminatedPods: { succeeded: [] } });
});

t.test('trackJob: at most 500 pods are named at once', async (t) => {
  const pods = Array.from({ length: 600 }, () => podOf({ phase: 'Succeeded' }));
  const state = stateOf(jobOf({ completions: 600 }, { startTime: at(-9) }), pods);
  const tracking = trackJob(planJob(state), done);
  t.equal(tracking.untrack.length, 500);
  t.equal(tracking.end, null);
});

t.test('trackJob: a job does not end before its pods are stopped and gone', async (t) => {
  const job = jobOf({ backoffLimit: 0, parallelism: 2 }, { startTime: at(-9) });
  const state = stateOf(job, [failedAt(-4), podOf({ uid: 'a' })]);
  const plan = planJob(state);
  t.equal(trackJob(plan, done).end, null, 'a pod could not be deleted');
  const tracking = trackJob(plan, { created: 0, deleted: new Set(['a']) });
  t.match(tracking.end, { type: 'Failed', reason: 'BackoffLimitExceeded' });
  t.match(tracking.status, { active: 0, terminating: 1 });
  const uids = new Set(tracking.untrack.map(({ metadata }) => metadata.uid ?? ''));
  const settled = settleJob(tracking, uids, state);
  t.equal(settled.status.failed, 2);
  t.same(
    settled.status.conditions.map(({ type }) => type),
    ['FailureTarget'],
  );
});

t.test('trackJob: an elastic job that shrinks forgets indexes beyond its end', async (t) => {
  const job = jobOf(indexed({ completions: 2 }), {
    startTime: at(-9),
    completedIndexes: '0,3',
    succeeded: 2,
  });
  const { status } = trackJob(planJob(stateOf(job, [])), { created: 1, deleted: new Set() });
  t.match(status, { completedIndexes: '0', succeeded: 1 });
});

t.test('trackJob: suspension is told once, and a job that goes on starts anew', async (t) => {
  const suspended = jobOf({ suspend: true }, { startTime: at(-100) });
  const first = trackJob(planJob(stateOf(suspended, [])), done);
  t.same(
    first.events.map(({ reason }) => reason),
    ['Suspended'],
  );
  const told = { ...suspended, status: first.status };
  t.same(trackJob(planJob(stateOf(told, [])), done).events, []);
  const resumed = jobOf({ suspend: false }, first.status);
  const next = trackJob(planJob(stateOf(resumed, [])), { created: 1, deleted: new Set() });
  t.same(
    next.events.map(({ reason }) => reason),
    ['Resumed'],
  );
  t.equal(next.status.startTime, at(0));
  t.match(next.status.conditions, [{ type: 'Suspended', status: 'False', reason: 'JobResumed' }]);
});
