import t from 'tap';
import { type Comparison, resultsOf } from '../../bench/side-by-side/comparison.js';
import { comparisonPage } from '../../bench/side-by-side/comparison-page.js';
import { parseToolReport } from '../../bench/side-by-side/etcd-benchmark.js';
import { readLog } from '../../bench/side-by-side/h2load.js';
import { isMet, measurement, median, spread } from '../../bench/side-by-side/measurement.js';
import { parseOptions } from '../../bench/side-by-side/options.js';
import { rows } from '../../bench/side-by-side/rows.js';
import { selectRows } from '../../bench/side-by-side/run.js';
import { formatTable } from '../../bench/side-by-side/table.js';

t.test('median, spread: of several rounds', async (t) => {
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.ok(Number.isNaN(median([])));
  t.equal(spread([90, 100, 110]), 0.1);
  t.equal(spread([5]), 0);
});

t.test('isMet: at the bound a goal is met', async (t) => {
  const cases = [
    ['at-least', 4, 4, true],
    ['at-least', 4, 3.99, false],
    ['at-most', 0.4, 0.4, true],
    ['at-most', 0.4, 0.41, false],
  ] as const;
  for (const [direction, bound, ratio, expected] of cases) {
    t.equal(isMet({ metric: 'p99Ms', direction, bound }, ratio), expected);
  }
});

const comparison: Comparison = {
  name: 'put <b>',
  tool: 'h2load',
  goals: [{ metric: 'perSecond', direction: 'at-least', bound: 4 }],
  ours: [
    measurement({ perSecond: 80_000, p99Ms: 30 }),
    measurement({ perSecond: 100_000, p99Ms: 10 }),
  ],
  theirs: [
    measurement({ perSecond: 20_000, p99Ms: 100 }),
    measurement({ perSecond: 20_000, p99Ms: 100 }),
  ],
  failure: null,
};
const failing: Comparison = {
  ...comparison,
  ours: comparison.ours.map((round) => ({ ...round, errors: 3 })),
  failure: 'etcd: out of disk',
};

t.test('resultsOf: medians, ratio and goal of each metric that was measured', async (t) => {
  const [rate, p99, ...more] = resultsOf(comparison);
  t.match(rate, { metric: 'perSecond', ours: 90_000, theirs: 20_000, ratio: 4.5, isMet: true });
  t.match(p99, { metric: 'p99Ms', ours: 20, theirs: 100, ratio: 0.2, goal: null, isMet: null });
  t.same(more, []);
  t.match(
    resultsOf(failing)[0],
    { ratio: 4.5, isMet: false },
    'with failed operations nothing is met',
  );
  const alone = resultsOf({ ...comparison, theirs: null });
  t.match(alone[0], { ours: 90_000, theirs: null, ratio: null, isMet: null });
});

t.test('formatTable: a line for each metric, and failures are not left unsaid', async (t) => {
  const [head, rate, p99, ...more] = formatTable([comparison], 'etcd').split('\n');
  t.same(more, []);
  const complaints = formatTable([failing], 'etcd').split('\n').slice(3);
  t.match(head, /^load +by +metric +ours +± +etcd +± +ratio +goal$/);
  t.match(rate, /^put <b> +h2load +per second +90,000 +11 % +20,000 +0 % +4\.50 +>= 4 +met$/);
  t.match(p99, /^ +p99 ms +20 +50 % +100 +0 % +0\.20$/);
  t.same(complaints, [
    'put <b>: 6 operations failed on flotilla',
    'put <b>: not measured to its end, etcd: out of disk',
  ]);
});

t.test('comparisonPage: bars and a table, escaped, with nothing from outside', async (t) => {
  const page = comparisonPage([failing], { machine: '<script>' });
  t.match(page, 'put &lt;b&gt;');
  t.notMatch(page, /<script|<b>|\b(src|href)=|NaN|undefined/);
  t.equal(page.match(/<rect /g)?.length, 4, 'two metrics, two sides');
  t.match(page, 'put &lt;b&gt;: 6 operations failed');
  t.match(page, 'out of disk');
});

t.test('parseToolReport: reads the summary of etcd’s benchmark tool', async (t) => {
  const text = `
Summary:
  Total:	0.26 secs.
  Slowest:	0.0124 secs.
  Fastest:	0.0006 secs.
  Requests/sec:	19067.2106

Latency distribution:
  10% in 0.0032 secs.
  50% in 4.7e-3 secs.
  99% in 0.0105 secs.
  99.9% in 0.0123 secs.

Error distribution:
  [5]	etcdserver: request timed out
  [12]	context deadline exceeded
`;
  t.same(parseToolReport(text), {
    ...{ perSecond: 19067.2106, p50Ms: 4.7, p99Ms: 10.5, maxMs: 12.4 },
    errors: 17,
  });
  t.throws(() => parseToolReport('panic: oops'), /panic: oops/);
});

t.test('readLog: takes the times of h2load’s log', async (t) => {
  const latencies = readLog('1795271149007394\t200\t11808\n1795271149007811\t200\t21224\n');
  t.equal(latencies.count, 2);
  t.ok(Math.abs(latencies.percentileMs(100) - 21.224) < 0.03);
});

t.test('parseOptions: defaults, and what it refuses', async (t) => {
  t.match(parseOptions([], {}), { isAgainstEtcd: false, seconds: 3, rounds: 3, etcd: null });
  t.match(parseOptions(['--against', 'etcd'], { FLOTILLA_ETCD: '/bin/true' }), {
    isAgainstEtcd: true,
    etcd: '/bin/true',
  });
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['--against', 'consul'], /only etcd is known/],
    [['--seconds', '0'], /--seconds/],
    [['--rounds', '1.5'], /--rounds/],
    [['--etcd', '/no/such'], /--etcd: there is no \/no\/such/],
    [['--nonsense'], /nonsense/],
  ];
  for (const [argv, text] of refused) t.match(parseOptions(argv, {}), { text, isError: true });
});

t.test('selectRows: those that are asked for, and for which there is a program', async (t) => {
  const options = (argv: readonly string[], env = {}) => {
    const parsed = parseOptions(argv, env);
    if ('text' in parsed) throw new Error(parsed.text);
    return parsed;
  };
  const { rows: possible, skipped } = selectRows(options(['--no-h2load']));
  t.same([...new Set(possible.map(({ tool }) => tool))], ['flotilla bench']);
  t.equal(possible.length + skipped.length, rows.length);
  const watch = selectRows(options(['--only', 'watch', '--only', '1 MiB']));
  t.equal(watch.rows.length, 2);
  t.equal(new Set(rows.map(({ name }) => name)).size, rows.length, 'names differ');
});
