import t from 'tap';
import { ignoredFlags, programFlags, usedFlags } from '../../../src/cmd/program/flag-rows.js';
import { flagsHelp, parseFlags } from '../../../src/cmd/program/flags.js';
import { healthAnswer, isHealthPath } from '../../../src/cmd/program/health-answers.js';
import { leaderFlags, leaderSettings } from '../../../src/cmd/program/leader-flags.js';
import { ProgramMetrics } from '../../../src/cmd/program/metrics.js';
import { UsageError } from '../../../src/cmd/usage-error.js';
import { ManualClock } from '../../store/manual-clock.js';

const table = [
  ...usedFlags([
    ['count', 'number', '1', 'A count.'],
    ['offset', 'integer', '0', 'An offset.'],
    ['share', 'decimal', '0.5', 'A share.'],
    ['period', 'duration', '10s', 'A period.'],
    ['is-on', 'boolean', 'true', 'A switch.'],
    ['names', 'list', '', 'Names.'],
    ['old_name', 'string', '', 'A name with an underscore.'],
  ]),
  ...ignoredFlags({ 'no use': { extra: 'boolean' } }),
];
const parse = (...argv: string[]) => parseFlags('flotilla test', table, argv);

t.test('parseFlags: values in all their forms', async (t) => {
  const flags = parse(
    ...['--count=3', '-offset', '-7', '--share', '1e-3', '--period=1h30m', '--is-on=false'],
    ...['--names=a,b', '--names', 'c', '--old-name=x', '--extra'],
  );
  t.same([flags.number('count'), flags.number('offset'), flags.number('share')], [3, -7, 0.001]);
  t.equal(flags.durationMs('period'), 5_400_000);
  t.equal(flags.isTrue('is-on'), false);
  t.same(flags.list('names'), ['a', 'b', 'c']);
  t.equal(flags.text('old_name'), 'x');
  t.ok(flags.given.has('extra'));
  t.same(parse().list('names'), []);
  t.equal(parse('--is_on').isTrue('is-on'), true);
});

for (const [argv, says] of [
  [['--nosuch'], /"--nosuch" is no flag; see `flotilla test --help`/],
  [['word'], /"word" is no flag/],
  [['--count'], /--count needs a value/],
  [['--count=-1'], /--count: "-1" is not a whole number/],
  [['--offset=1.5'], /--offset: "1.5" is not a whole number/],
  [['--share=half'], /--share: "half" is not a number/],
  [['--period=10'], /--period: "10" is not a duration/],
  [['--is-on=maybe'], /--is-on: "maybe" is not true or false/],
  [['--count=99999999999999999999'], /is not a whole number/],
] as const) {
  t.test(`parseFlags: refuses ${argv.join(' ')}`, async (t) => {
    t.throws(() => parse(...argv), UsageError);
    t.throws(() => parse(...argv), says);
  });
}

t.test('flagsHelp: lists what does something', async (t) => {
  const help = flagsHelp('flotilla test', 'Tests.', table);
  t.match(help, /Usage: flotilla test \[flags\]\n\nTests\.\n/);
  t.match(help, / {2}--count number\n {8}A count\. \(default 1\)/);
  t.notMatch(help, /extra/);
});

t.test('programFlags: no flag has two rows', async (t) => {
  const names = [...programFlags({ securePort: 1 }), ...leaderFlags('x')].map(({ name }) => name);
  t.equal(new Set(names).size, names.length);
});

t.test('leaderSettings: as Kubernetes has them, and what it refuses', async (t) => {
  const read = (...argv: string[]) =>
    leaderSettings(parseFlags('flotilla test', leaderFlags('kube-test'), argv), 'unique');
  t.match(read(), {
    ...{ name: 'kube-test', namespace: 'kube-system', leaseSeconds: 15 },
    ...{ renewDeadlineMs: 10_000, retryMs: 2000, identity: /^.+_unique$/ },
  });
  t.equal(read('--leader-elect=false'), null);
  for (const [flag, says] of [
    ['--leader-elect-lease-duration=10s', 'leaseDuration must be greater than renewDeadline'],
    ['--leader-elect-lease-duration=15500ms', 'whole seconds'],
    [
      '--leader-elect-renew-deadline=2s',
      'renewDeadline must be greater than retryPeriod*JitterFactor',
    ],
    ['--leader-elect-retry-period=0s', 'retryPeriod must be greater than zero'],
    ['--leader-elect-resource-lock=configmaps', '"configmaps" is not supported; use leases'],
    ['--leader-elect-resource-name=', 'need a value'],
  ] as const) {
    t.throws(() => read(flag), UsageError, flag);
    try {
      read(flag);
    } catch (error) {
      t.ok((error as Error).message.includes(says), `${flag}: ${(error as Error).message}`);
    }
  }
});

t.test('healthAnswer: all checks, one of them, in words', async (t) => {
  let problem: string | null = null;
  const checks = [{ name: 'work', check: () => problem }];
  const ask = (path: string, query = '') => healthAnswer(path, query, checks);
  t.same(ask('/healthz'), { status: 200, body: 'ok' });
  const wordy = '[+]ping ok\n[+]work ok\nlivez check passed\n';
  t.same(ask('/livez', 'verbose'), { status: 200, body: wordy });
  t.equal(ask('/readyz/nosuch').status, 404);
  problem = 'stuck';
  const failed = '[+]ping ok\n[-]work failed: stuck\nreadyz check failed\n';
  t.same(ask('/readyz'), { status: 500, body: failed });
  t.same(ask('/readyz/ping'), { status: 200, body: 'ok' });
  t.equal(ask('/readyz/work').status, 500);
  t.equal(isHealthPath('/healthz/x'), true);
  t.equal(isHealthPath('/health'), false);
});

t.test('ProgramMetrics: queues, requests and who leads, by the names of Kubernetes', async (t) => {
  const clock = new ManualClock();
  const metrics = new ProgramMetrics(clock);
  const queue = metrics.observeQueue('pods');
  queue.onAdded(1);
  queue.onAdded(2);
  queue.onTaken(250, 1);
  queue.onRetry();
  queue.follow(() => [clock.now() - 3000, clock.now() - 1000]);
  queue.onDone(40);
  metrics.observeRequests('h:1')({ verb: 'GET', code: '200', tookMs: 30 });
  metrics.observeRequests('h:1')({ verb: 'GET', code: '<error>', tookMs: 0 });
  metrics.setLeading('kube-test', true);
  const text = await metrics.registry.metrics();
  for (const line of [
    'workqueue_depth{name="pods"} 1',
    'workqueue_adds_total{name="pods"} 2',
    'workqueue_retries_total{name="pods"} 1',
    'workqueue_queue_duration_seconds_sum{name="pods"} 0.25',
    'workqueue_work_duration_seconds_count{name="pods"} 1',
    'workqueue_unfinished_work_seconds{name="pods"} 4',
    'workqueue_longest_running_processor_seconds{name="pods"} 3',
    'rest_client_requests_total{code="200",method="GET",host="h:1"} 1',
    'rest_client_requests_total{code="<error>",method="GET",host="h:1"} 1',
    'leader_election_master_status{name="kube-test"} 1',
  ]) {
    t.ok(text.includes(`${line}\n`), line);
  }
});
