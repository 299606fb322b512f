import t from 'tap';
import type { CronJob, CronJobSpec, Job } from '../../../../src/control/api/gen/batch-v1.js';
import { planStart } from '../../../../src/control/controllers/cron-job/plan.js';
import { expiredJobs, reviewJobs } from '../../../../src/control/controllers/cron-job/review.js';

const created = '2026-01-01T10:00:00Z';

function cronJob(spec: CronJobSpec = {}, status: CronJob['status'] = {}): CronJob {
  return {
    ...{ apiVersion: 'batch/v1', kind: 'CronJob' },
    metadata: { name: 'c', namespace: 'default', uid: 'c-uid', creationTimestamp: created },
    spec: { schedule: '0 * * * *', concurrencyPolicy: 'Allow', ...spec },
    status,
  };
}

const activeJob = { name: 'c-1', uid: 'u1', namespace: 'default', kind: 'Job' };

const cases: readonly {
  readonly name: string;
  readonly cronJob: CronJob;
  readonly now: string;
  /** The start's time, or null. */
  readonly starts: string | null;
  readonly againSeconds?: number | null;
  readonly reasons?: readonly string[];
}[] = [
  {
    name: 'before the first time',
    cronJob: cronJob(),
    now: '2026-01-01T10:59:00Z',
    starts: null,
    againSeconds: 60.1,
  },
  {
    name: 'at the first time',
    cronJob: cronJob(),
    now: '2026-01-01T11:00:00Z',
    starts: '2026-01-01T11:00:00Z',
    againSeconds: 3600.1,
  },
  { name: 'late', cronJob: cronJob(), now: '2026-01-01T13:30:00Z', starts: '2026-01-01T13:00:00Z' },
  {
    name: 'too late',
    cronJob: cronJob({ startingDeadlineSeconds: 60 }),
    now: '2026-01-01T13:30:00Z',
    starts: null,
    againSeconds: 1800.1,
  },
  {
    name: 'just in time',
    cronJob: cronJob({ startingDeadlineSeconds: 60 }),
    now: '2026-01-01T13:00:59Z',
    starts: '2026-01-01T13:00:00Z',
  },
  {
    name: 'started already',
    cronJob: cronJob({}, { lastScheduleTime: '2026-01-01T13:00:00Z' }),
    now: '2026-01-01T13:00:30Z',
    starts: null,
  },
  {
    name: 'suspended',
    cronJob: cronJob({ suspend: true }),
    now: '2026-01-01T13:00:00Z',
    starts: null,
    againSeconds: null,
  },
  {
    name: 'another runs, Forbid',
    cronJob: cronJob({ concurrencyPolicy: 'Forbid' }, { active: [activeJob] }),
    now: '2026-01-01T13:00:00Z',
    starts: null,
    reasons: ['JobAlreadyActive'],
  },
  {
    name: 'another runs, Allow',
    cronJob: cronJob({}, { active: [activeJob] }),
    now: '2026-01-01T13:00:00Z',
    starts: '2026-01-01T13:00:00Z',
  },
  {
    name: 'more than a hundred times missed',
    cronJob: cronJob({ schedule: '* * * * *' }),
    now: '2026-01-01T12:00:30Z',
    starts: '2026-01-01T12:00:00Z',
    reasons: ['TooManyMissedTimes'],
  },
  {
    name: 'as many missed, but bounded',
    cronJob: cronJob({ schedule: '* * * * *', startingDeadlineSeconds: 300 }),
    now: '2026-01-01T12:00:30Z',
    starts: '2026-01-01T12:00:00Z',
    reasons: [],
  },
  {
    name: 'never',
    cronJob: cronJob({ schedule: '0 0 31 2 *' }),
    now: '2026-01-01T12:00:30Z',
    starts: null,
    againSeconds: null,
    reasons: ['InvalidSchedule'],
  },
  {
    name: 'unreadable',
    cronJob: cronJob({ schedule: 'x' }),
    now: '2026-01-01T12:00:30Z',
    starts: null,
    againSeconds: null,
    reasons: ['UnparseableSchedule'],
  },
  {
    name: 'unknown zone',
    cronJob: cronJob({ timeZone: 'Nowhere/Land' }),
    now: '2026-01-01T12:00:30Z',
    starts: null,
    againSeconds: null,
    reasons: ['UnknownTimeZone'],
  },
  {
    name: 'a zone in the schedule',
    cronJob: cronJob({ schedule: 'TZ=UTC 0 * * * *' }),
    now: '2026-01-01T11:00:00Z',
    starts: '2026-01-01T11:00:00Z',
    reasons: ['UnsupportedSchedule'],
  },
];

for (const { name, cronJob, now, starts, againSeconds, reasons } of cases) {
  t.test(`planStart: ${name}`, async (t) => {
    const plan = planStart(cronJob, Date.parse(now));
    const startMs = plan.start?.scheduledMs ?? null;
    t.equal(startMs, starts === null ? null : Date.parse(starts));
    if (againSeconds !== undefined) {
      t.equal(plan.againMs, againSeconds === null ? null : againSeconds * 1000);
    }
    if (reasons !== undefined)
      t.same(
        plan.events.map(({ reason }) => reason),
        reasons,
      );
  });
}

t.test('planStart: a late start within a bound is told once it is missed', async (t) => {
  const late = cronJob({ startingDeadlineSeconds: 90, schedule: '* * * * *' });
  t.not(planStart(late, Date.parse('2026-01-01T12:00:59Z')).start, null);
});

t.test('planStart: the job carries the template, its time and its owner', async (t) => {
  const template = {
    metadata: { labels: { a: 'b' }, annotations: { c: 'd' } },
    spec: { parallelism: 2 },
  };
  const plan = planStart(
    cronJob({ jobTemplate: template, timeZone: 'Europe/Berlin' }),
    Date.parse('2026-01-01T11:00:00Z'),
  );
  t.match(plan.start?.job, {
    metadata: {
      name: `c-${Date.parse('2026-01-01T11:00:00Z') / 60_000}`,
      namespace: 'default',
      labels: { a: 'b' },
      annotations: {
        c: 'd',
        'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T12:00:00+01:00',
      },
      ownerReferences: [{ kind: 'CronJob', name: 'c', uid: 'c-uid', controller: true }],
    },
    spec: { parallelism: 2 },
  });
});

function job(name: string, end: 'Complete' | 'Failed' | null, hour = 10): Job {
  const time = `2026-01-01T${hour}:00:00Z`;
  return {
    metadata: { name, uid: `${name}-uid`, namespace: 'default' },
    status: {
      startTime: time,
      ...(end === 'Complete' ? { completionTime: time } : {}),
      conditions: end === null ? [] : [{ type: end, status: 'True' }],
    },
  };
}

t.test(
  'reviewJobs: finished jobs are no longer active, and the last success is kept',
  async (t) => {
    const refs = ['a', 'b', 'gone'].map((name) => ({ name, uid: `${name}-uid` }));
    const before = cronJob({}, { active: refs, lastSuccessfulTime: '2026-01-01T09:00:00Z' });
    const review = reviewJobs(before, [job('a', 'Complete', 11), job('b', null), job('x', null)]);
    t.same(
      review.status.active?.map(({ name }) => name),
      ['b', 'gone'],
    );
    t.equal(review.status.lastSuccessfulTime, '2026-01-01T11:00:00Z');
    t.same(
      review.unseen.map(({ name }) => name),
      ['gone'],
    );
    t.same(
      review.events.map(({ message }) => message),
      [
        'Saw completed job: a, condition: Complete',
        'Saw a job that the controller did not create or forgot: x',
      ],
    );
    t.same(
      reviewJobs(cronJob({}, { active: refs }), [job('a', 'Failed')]).status.lastSuccessfulTime,
      undefined,
    );
  },
);

t.test('expiredJobs: the oldest beyond the limits, of each kind', async (t) => {
  const jobs = [
    job('c1', 'Complete', 12),
    job('c2', 'Complete', 10),
    job('c3', 'Complete', 11),
    job('f1', 'Failed', 10),
    job('f2', 'Failed', 11),
    job('r', null),
  ];
  const limits = { successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 1 };
  t.same(
    expiredJobs(cronJob(limits), jobs).map(({ metadata }) => metadata.name),
    ['c2', 'c3', 'f1'],
  );
  t.same(expiredJobs(cronJob(), jobs), []);
});
