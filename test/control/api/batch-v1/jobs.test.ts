import t from 'tap';
import { type Draft, KindRig, templateOf } from '../kind-rig.js';

const jobs = new KindRig('batch/v1', 'Job');
const cronJobs = new KindRig('batch/v1', 'CronJob');

const never = templateOf({ restartPolicy: 'Never' });
const job = (more: object = {}) => ({ spec: { template: never, ...more } });
const indexed = (more: object = {}) =>
  job({ completionMode: 'Indexed', completions: 5, parallelism: 5, ...more });

t.test('Job is filled in, and finds its pods by labels of its own', async (t) => {
  const { spec } = jobs.created(job());
  t.match(spec, {
    completions: 1,
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
    template: {
      metadata: {
        labels: {
          app: 'a',
          'controller-uid': 'u',
          'job-name': 'x',
          'batch.kubernetes.io/controller-uid': 'u',
          'batch.kubernetes.io/job-name': 'x',
        },
      },
    },
  });
  t.match(jobs.created(indexed({ backoffLimitPerIndex: 1 })).spec, { backoffLimit: 2147483647 });
  const manual = { manualSelector: true, selector: { matchLabels: { app: 'a' } } };
  t.match(jobs.created(job(manual)).spec, { selector: { matchLabels: { app: 'a' } } });
  t.same(jobs.createErrors(job(manual)), []);
});

t.test('Job refuses what Kubernetes refuses', async (t) => {
  const labelled = (labels: object) => ({ ...never, metadata: { labels } });
  const cases: [draft: Draft, errors: string[]][] = [
    [job(), []],
    [
      job({ template: templateOf() }),
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      job({ parallelism: -1 }),
      ['spec.parallelism: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      job({ template: labelled({ 'job-name': 'other' }) }),
      [
        'spec.template.metadata.labels[job-name]: Invalid value: {"job-name":"other","batch.kubernetes.io/job-name":"x","controller-uid":"u","batch.kubernetes.io/controller-uid":"u"}: must be \'x\'',
      ],
    ],
    [
      job({ completionMode: 'Sometimes' }),
      [
        'spec.completionMode: Unsupported value: "Sometimes": supported values: "NonIndexed", "Indexed"',
      ],
    ],
    [
      job({ completionMode: 'Indexed', completions: undefined, parallelism: 1 }),
      ['spec.completions: Required value: when completion mode is Indexed'],
    ],
    [
      job({ backoffLimitPerIndex: 1 }),
      ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
    ],
    [
      indexed({ maxFailedIndexes: 6 }),
      [
        'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
        'spec.maxFailedIndexes: Invalid value: 6: must be less than or equal to completions',
      ],
    ],
    [
      job({ managedBy: 'me' }),
      [
        'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
      ],
    ],
    [
      job({ podFailurePolicy: { rules: [{ action: 'Run' }] } }),
      [
        'spec.podFailurePolicy.rules[0].action: Unsupported value: "Run": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
        'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
      ],
    ],
    [
      job({
        podFailurePolicy: {
          rules: [
            {
              action: 'FailIndex',
              onExitCodes: { containerName: 'd', operator: 'In', values: [3, 0, 3] },
            },
          ],
        },
      }),
      [
        'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
        'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "d": must be one of the container or initContainer names in the pod template',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3',
        'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must be ordered',
      ],
    ],
    [
      indexed({ successPolicy: { rules: [{ succeededIndexes: '0-2,7', succeededCount: 9 }] } }),
      [
        'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-2,7": error parsing succeededIndexes: too large index: "7"',
        'spec.successPolicy.rules[0].succeededCount: Invalid value: 9: must be less than or equal to 5 (the number of specified completions)',
        'spec.successPolicy.rules[0].succeededCount: Invalid value: 9: must be less than or equal to 0 (the number of indexes in the specified succeededIndexes field)',
      ],
    ],
    [
      { ...indexed(), metadata: { name: `${'n'.repeat(62)}` } },
      [
        `metadata.name: Invalid value: "${'n'.repeat(62)}": will not able to create pod with invalid DNS label: ${'n'.repeat(62)}-4`,
      ],
    ],
  ];
  for (const [draft, errors] of cases) t.same(jobs.createErrors(draft), errors);
});

t.test('Job stays as it was made, but for what may change', async (t) => {
  const made = jobs.created(job());
  const old = { ...made, metadata: { name: 'x', uid: 'u' } };
  const spec = made.spec as Record<string, unknown>;
  const changed = (more: object) => ({ ...old, spec: { ...spec, ...more } });
  t.same(jobs.updateErrors(changed({ parallelism: 3, suspend: true }), old), []);
  t.same(jobs.updateErrors(changed({ completions: 3 }), old), [
    'spec.completions: Invalid value: 3: field is immutable',
  ]);
  t.same(jobs.updateErrors(changed({ completionMode: 'Indexed' }), old), [
    'spec.completionMode: Invalid value: "Indexed": field is immutable',
  ]);
  const template = spec.template as { spec: object };
  const placed = { ...template, spec: { ...template.spec, nodeSelector: { a: 'b' } } };
  const errors = jobs.updateErrors(changed({ template: placed }), old);
  t.match(errors, [/^spec\.template: Invalid value: .*: field is immutable$/]);
  t.equal(errors.length, 1);
  const suspended = { ...old, spec: { ...spec, suspend: true } };
  t.same(jobs.updateErrors(changed({ template: placed }), suspended), []);
});

t.test('Job grows with its parallelism when it is indexed', async (t) => {
  const made = jobs.created(indexed());
  const old = { ...made, metadata: { name: 'x', uid: 'u' } };
  const spec = made.spec as object;
  const sized = (completions: number, parallelism: number) => ({
    ...old,
    spec: { ...spec, completions, parallelism },
  });
  t.same(jobs.updateErrors(sized(7, 7), old), []);
  t.same(jobs.updateErrors(sized(7, 5), old), [
    'spec.completions: Invalid value: 7: can only be modified in tandem with spec.parallelism',
  ]);
});

const startTime = '2025-12-31T23:00:00Z';
const completionTime = '2025-12-31T23:30:00Z';
const isTrue = (...types: string[]) => types.map((type) => ({ type, status: 'True' }));

t.test('Job ends once, in an order that makes sense', async (t) => {
  const errors = (status: object, old: object = { startTime }, more: object = {}) =>
    jobs.statusErrors({ ...job(more), status }, { ...job(more), status: old });
  const done = { startTime, completionTime, conditions: isTrue('SuccessCriteriaMet', 'Complete') };
  t.same(errors({ startTime, active: 1, ready: 1 }), []);
  t.same(errors({ ...done, succeeded: 1 }), []);
  t.same(errors({ startTime, conditions: isTrue('Complete') }), [
    'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    'status.completionTime: Required value: completionTime is required for Complete jobs',
  ]);
  t.same(errors({ startTime, conditions: isTrue('Failed') }), [
    'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition',
  ]);
  t.same(errors({ ...done, active: 1 }), [
    'status.active: Invalid value: 1: active>0 is invalid for finished job',
  ]);
  t.same(errors({ startTime }, done), [
    'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
    'status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition',
  ]);
  t.same(errors({ startTime, failed: 1 }, { startTime, failed: 2 }), [
    'status.failed: Invalid value: 1: cannot decrease the failed counter',
  ]);
  t.same(errors({ startTime, ready: 2, active: 1 }), [
    'status.ready: Invalid value: 2: cannot set more ready pods than active',
  ]);
  const perIndex = { completionMode: 'Indexed', completions: 9, backoffLimitPerIndex: 1 };
  t.same(errors({ startTime, completedIndexes: '0-3', failedIndexes: '3,5' }, {}, perIndex), [
    'status.failedIndexes: Invalid value: "3,5": failedIndexes and completedIndexes overlap at index: 3',
  ]);
});

t.test('Job is shown as kubectl shows it', async (t) => {
  t.same(jobs.columns(), [
    'Name',
    'Status',
    'Completions',
    'Duration',
    'Age',
    'Containers*',
    'Images*',
    'Selector*',
  ]);
  const shown = (status: object, more: object = {}) =>
    jobs.cells({ ...job(more), status }).slice(1, 4);
  t.same(shown({}), ['Running', '0/1', '']);
  t.same(shown({ startTime, succeeded: 1 }, { parallelism: 4 }), ['Running', '1/1 of 4', '60m']);
  const conditions = isTrue('Complete');
  t.same(shown({ startTime, completionTime, succeeded: 1, conditions }), [
    'Complete',
    '1/1',
    '30m',
  ]);
  t.same(shown({ conditions: isTrue('Suspended') }), ['Suspended', '0/1', '']);
  t.same(shown({ conditions: isTrue('FailureTarget') }), ['FailureTarget', '0/1', '']);
});

const cron = (more: object = {}) => ({
  spec: { schedule: '0 * * * *', jobTemplate: { spec: { template: never } }, ...more },
});

t.test('CronJob is filled in; its jobs are not', async (t) => {
  const { spec } = cronJobs.created(cron());
  t.match(spec, {
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
    jobTemplate: { spec: { template: { spec: { dnsPolicy: 'ClusterFirst' } } } },
  });
  t.notMatch(spec, { jobTemplate: { spec: { backoffLimit: Number } } });
});

t.test('CronJob refuses what Kubernetes refuses', async (t) => {
  const int = (text: string) =>
    `failed to parse int from ${text}: strconv.Atoi: parsing "${text}": invalid syntax`;
  const schedules: [schedule: string, problem: string | undefined][] = [
    ['*/15 0-6 1,15 jan-MAR mon', undefined],
    ['@hourly', undefined],
    ['@every 1h30m', undefined],
    ['? ? ? ? ?', undefined],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['x * * * *', int('x')],
    ['* * * * 7', 'end of range (7) above maximum (6): 7'],
    ['@never', 'unrecognized descriptor: @never'],
    ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
    ['@every 5', 'failed to parse duration @every 5: time: missing unit in duration "5"'],
  ];
  for (const [schedule, problem] of schedules) {
    t.same(
      cronJobs.createErrors(cron({ schedule })),
      problem === undefined ? [] : [`spec.schedule: Invalid value: "${schedule}": ${problem}`],
      schedule,
    );
  }
  const zoned = 'TZ=UTC 0 * * * *';
  t.same(cronJobs.createErrors(cron({ schedule: zoned })), [
    `spec.schedule: Invalid value: "${zoned}": cannot use TZ or CRON_TZ in schedule, use timeZone field instead`,
  ]);
  t.same(cronJobs.updateErrors(cron({ schedule: zoned }), cron({ schedule: zoned })), []);
  t.same(cronJobs.createErrors(cron({ timeZone: 'Europe/Berlin' })), []);
  t.same(cronJobs.createErrors(cron({ timeZone: 'Mars/Crater' })), [
    'spec.timeZone: Invalid value: "Mars/Crater": unknown time zone Mars/Crater',
  ]);
  t.same(cronJobs.createErrors(cron({ timeZone: '' })), [
    'spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string',
  ]);
  t.same(cronJobs.createErrors(cron({ concurrencyPolicy: 'Maybe' })), [
    'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
  ]);
  t.same(cronJobs.createErrors({ ...cron(), metadata: { name: 'n'.repeat(53) } }), [
    `metadata.name: Invalid value: "${'n'.repeat(53)}": must be no more than 52 characters`,
  ]);
  const selected = { spec: { template: never, selector: {}, manualSelector: true } };
  t.same(cronJobs.createErrors(cron({ jobTemplate: selected })), [
    'spec.jobTemplate.spec.selector: Invalid value: {}: `selector` will be auto-generated',
    'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
  ]);
});

t.test('CronJob is shown as kubectl shows it', async (t) => {
  const status = { active: [{ name: 'j' }], lastScheduleTime: startTime };
  t.same(cronJobs.cells({ ...cron({ timeZone: 'UTC' }), status }).slice(0, 7), [
    'x',
    '0 * * * *',
    'UTC',
    'False',
    1,
    '60m',
    '<unknown>',
  ]);
});
